/* As much JSON as a VM's message needs: any value is read, and each object that has a base and a
   size is a region. Fields that are not known are passed over. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "test/vmm/managers/session.h"

enum { depth_max = 16, name_bytes_max = 32 };

struct reader {
  const char *at;
  struct served_region *regions;
  int count, most;
};

struct fields {
  struct served_region region;
  uint64_t page_size;
  bool has_start, has_size;
};

bool is_whole_text(const char *text, size_t length) {
  int depth = 0;
  bool is_quoted = false;
  for (size_t i = 0; i < length; i++) {
    const char character = text[i];
    if (is_quoted && character == '\\') i++;
    else if (character == '"') is_quoted = !is_quoted;
    else if (is_quoted) continue;
    else if (character == '[' || character == '{') depth++;
    else if ((character == ']' || character == '}') && --depth == 0) return true;
  }
  return false;
}

static char skip_spaces(struct reader *reader) {
  while (isspace((unsigned char)*reader->at)) reader->at++;
  return *reader->at;
}

static bool read_text(struct reader *reader, char *name) {
  size_t length = 0;
  for (reader->at++; *reader->at && *reader->at != '"'; reader->at++) {
    if (*reader->at == '\\' && reader->at[1]) reader->at++;
    if (length < name_bytes_max - 1) name[length++] = *reader->at;
  }
  name[length] = 0;
  return *reader->at++ == '"';
}

static void take_field(struct fields *fields, const char *name, uint64_t value) {
  struct served_region *region = &fields->region;
  if (strcmp(name, "base_host_virt_addr") == 0) {
    region->start = value;
    fields->has_start = true;
  } else if (strcmp(name, "size") == 0) {
    region->size_bytes = value;
    fields->has_size = true;
  } else if (strcmp(name, "offset") == 0) {
    region->offset_bytes = value;
  } else if (strcmp(name, "page_size") == 0) {
    fields->page_size = value;
  } else if (strcmp(name, "page_size_kib") == 0) {
    region->page_size_kib = value;
  }
}

static bool read_value(struct reader *reader, int depth);

static bool read_object(struct reader *reader, int depth) {
  struct fields fields = {0};
  char name[name_bytes_max];
  reader->at++;
  while (skip_spaces(reader) != '}') {
    if (*reader->at == ',') {
      reader->at++;
      continue;
    }
    if (*reader->at != '"' || !read_text(reader, name) || skip_spaces(reader) != ':') return false;
    reader->at++;
    if (isdigit((unsigned char)skip_spaces(reader))) {
      take_field(&fields, name, strtoull(reader->at, NULL, 10));
    }
    if (!read_value(reader, depth + 1)) return false;
  }
  reader->at++;
  if (!fields.has_start || !fields.has_size) return true;
  if (reader->count == reader->most) return false;
  const uint64_t kib = fields.region.page_size_kib; /* bytes, whatever it is called */
  fields.region.page_bytes = fields.page_size ? fields.page_size : kib ? kib : 4096;
  reader->regions[reader->count++] = fields.region;
  return true;
}

static bool read_value(struct reader *reader, int depth) {
  char text[name_bytes_max];
  if (depth > depth_max) return false;
  const char first = skip_spaces(reader);
  if (first == '{') return read_object(reader, depth);
  if (first == '"') return read_text(reader, text);
  if (first == '[') {
    reader->at++;
    while (skip_spaces(reader) != ']') {
      if (*reader->at == ',') reader->at++;
      else if (!read_value(reader, depth + 1)) return false;
    }
    reader->at++;
    return true;
  }
  const size_t length = strspn(reader->at, "+-.0123456789abcdefghijklmnopqrstuvwxyzE");
  reader->at += length;
  return length > 0;
}

int read_regions_text(const char *text, struct served_region *regions, int most) {
  struct reader reader = {.at = text, .regions = regions, .most = most};
  return read_value(&reader, 0) ? reader.count : 0;
}
