/* Loose object files. */
#ifndef HOLDFAST_LOOSE_H
#define HOLDFAST_LOOSE_H

#include "holdfast.h"

/** Deflates one object after the other into files below an object directory. */
typedef struct {
  const char *objects_dir;
  void *stream;
} hf_loose_writer;

/** A file that is written and has not got its name yet. */
typedef struct {
  int fd;
  char *temporary, *path;
} hf_loose_file;

int hf_loose_writer_open(hf_loose_writer *writer, const char *objects_dir, hf_error *err);
void hf_loose_writer_close(hf_loose_writer *writer);

/** Writes the temporary file, in a folder that must exist. Ends with exactly one of commit and abort when it succeeds. */
int hf_loose_begin(hf_loose_file *file, hf_loose_writer *writer, const git_oid *oid, git_object_t type, const void *data, size_t size,
                   hf_error *err);
/** Starts to write the file out, without waiting: flushes of many files go faster when all of them are on their way first. */
void hf_loose_send(const hf_loose_file *file);
int hf_loose_flush(const hf_loose_file *file, hf_error *err);
/** Gives the file its name. */
int hf_loose_commit(hf_loose_file *file, hf_error *err);
/** Removes what was written; harmless on an ended or zeroed one whose fd is -1. */
void hf_loose_abort(hf_loose_file *file);

/** All of it, without a flush; makes the folder too. */
int hf_loose_write(const char *objects_dir, const git_oid *oid, git_object_t type, const void *data, size_t size, hf_error *err);
/** Makes the folder of objects whose ids begin with a byte; `*made` says whether it was missing. */
int hf_loose_make_folder(const char *objects_dir, uint8_t first_byte, bool *made, hf_error *err);

#endif
