/*
 * The commit-graph file (gitformat-commit-graph): for each commit its tree, parents, date and generation, without reading the
 * object. Either one file or a chain of layers. A commit is named by its position; parents stand at lower layers or the same.
 */
#ifndef HOLDFAST_GRAPH_H
#define HOLDFAST_GRAPH_H

#include "holdfast.h"

/** One state of a repository's graph; shared by threads. */
typedef struct hf_graph hf_graph;

/** Opens the graph of an object directory; one without commits when there is none, or it is damaged or foreign. */
int hf_graph_open(hf_graph **out, const char *objects_dir, hf_error *err);
void hf_graph_retain(hf_graph *graph);
void hf_graph_release(hf_graph *graph);
/** Are the files still those that were opened? */
bool hf_graph_is_current(const hf_graph *graph, const char *objects_dir);

uint32_t hf_graph_count(const hf_graph *graph);
bool hf_graph_find(uint32_t *position, const hf_graph *graph, const git_oid *oid);
void hf_graph_oid(git_oid *out, const hf_graph *graph, uint32_t position);
void hf_graph_tree(git_oid *out, const hf_graph *graph, uint32_t position);
uint64_t hf_graph_date(const hf_graph *graph, uint32_t position);
/** Topological level: above all parents' levels; 0 in graphs of early git. */
uint32_t hf_graph_level(const hf_graph *graph, uint32_t position);
/** Do all layers have levels? */
bool hf_graph_has_levels(const hf_graph *graph);
/** Do all layers have corrected dates, which git then takes for generations? */
bool hf_graph_has_corrected_dates(const hf_graph *graph);
uint64_t hf_graph_corrected_date(const hf_graph *graph, uint32_t position);
/** Positions of the parents. False when there are more than `max`, or the file is damaged. */
bool hf_graph_parents(uint32_t *parents, uint32_t *count, uint32_t max, const hf_graph *graph, uint32_t position);

#endif
