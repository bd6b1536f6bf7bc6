/* Which names are reference names (git-check-ref-format(1)). */
#include "refs.h"

/** Characters that no component may hold; anything from 0x80 on is allowed. */
static bool forbidden(unsigned char c) { return c <= ' ' || c == 0x7f || strchr("~^:?*[\\", c) != NULL; }

bool hf_ref_name_valid(const char *name, bool allow_one_level) {
  size_t length = strlen(name);
  if (length == 0 || length > HF_REF_NAME_MAX || strcmp(name, "@") == 0) return false;
  if (name[length - 1] == '.' || name[length - 1] == '/') return false;
  size_t components = 0;
  for (const char *part = name;;) {
    size_t part_len = strcspn(part, "/");
    if (part_len == 0 || part[0] == '.') return false;
    if (part_len >= 5 && memcmp(part + part_len - 5, ".lock", 5) == 0) return false;
    for (size_t i = 0; i < part_len; i++) {
      if (forbidden((unsigned char)part[i])) return false;
      if (part[i] == '.' && part[i + 1] == '.') return false;
      if (part[i] == '@' && part[i + 1] == '{') return false;
    }
    components++;
    if (!part[part_len]) break;
    part += part_len + 1;
  }
  return components > 1 || allow_one_level;
}

static bool is_pseudo(const char *name) {
  if (!*name) return false;
  for (; *name; name++)
    if (!(*name >= 'A' && *name <= 'Z') && *name != '_') return false;
  return true;
}

bool hf_ref_name_writable(const char *name) {
  if (strncmp(name, "refs/", 5) == 0) return hf_ref_name_valid(name, false);
  return strlen(name) <= HF_REF_NAME_MAX && is_pseudo(name);
}

bool hf_ref_name_deletable(const char *name) {
  if (hf_ref_name_writable(name)) return true;
  size_t length = strlen(name);
  if (strncmp(name, "refs/", 5) != 0 || length > HF_REF_NAME_MAX) return false;
  for (const char *part = name + 5;;) {
    size_t part_len = strcspn(part, "/");
    bool dots = (part_len == 1 && part[0] == '.') || (part_len == 2 && part[0] == '.' && part[1] == '.');
    /* A name that ends in .lock is someone's lock file: never a reference. */
    bool lock = part_len >= 5 && memcmp(part + part_len - 5, ".lock", 5) == 0;
    if (part_len == 0 || dots || lock) return false;
    if (!part[part_len]) return true;
    part += part_len + 1;
  }
}
