/*
 * libblosc for Node: what no npm package offers natively. An addon of Node-API, so that one build
 * serves every version of Node and every thread of a process can load it.
 *
 *   compress(bytes, typesize, shuffle, cname, clevel, blocksize = 0)
 *                                      -> Uint8Array with an ArrayBuffer of its own; a blocksize of 0
 *                                      leaves it to libblosc
 *   compressInto(bytes, typesize, shuffle, cname, clevel, blocksize, target)
 *                                      writes the frame to the beginning of `target`, whose length must
 *                                      be that of the bytes and 16 more; returns the frame's
 *   decompress(frame, target)          fills `target`, whose length must be that of the pixels
 *   decompressPart(frame, first, target)  fills `target` with the bytes from `first` on; only the
 *                                      blocks they lie in are decompressed
 *   version, compressors               of the library
 *
 * Only the functions of libblosc that keep no global state are called, each on the calling thread.
 *
 *   cc -std=c11 -shared -fPIC -O2 -I<prefix>/include/node -o blosc.node blosc.c -lblosc
 */
#define NAPI_VERSION 8
#include <node_api.h>

#include <blosc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a thread compresses to before the length of the frame is known; kept, because fresh pages are dear. */
typedef struct {
  uint8_t *bytes;
  size_t size;
} Scratch;

static void free_scratch(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  Scratch *scratch = data;
  free(scratch->bytes);
  free(scratch);
}

static napi_value fail(napi_env env, const char *message) {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && !pending)
    napi_throw_error(env, "BLOSC", message);
  return NULL;
}

static bool bytes_of_element(napi_typedarray_type type, size_t *size) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      *size = 1;
      return true;
    case napi_int16_array:
    case napi_uint16_array:
      *size = 2;
      return true;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      *size = 4;
      return true;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      *size = 8;
      return true;
    default:
      return false;
  }
}

/* The memory of a typed array (a Buffer is one); false for anything else, and for a detached one. */
static bool get_bytes(napi_env env, napi_value value, uint8_t **bytes, size_t *length) {
  bool is_typed = false;
  if (napi_is_typedarray(env, value, &is_typed) != napi_ok || !is_typed) return false;
  napi_typedarray_type type;
  size_t count, size;
  void *data = NULL;
  if (napi_get_typedarray_info(env, value, &type, &count, &data, NULL, NULL) != napi_ok)
    return false;
  if (!bytes_of_element(type, &size)) return false;
  if (data == NULL && count > 0) return false;
  *bytes = data;
  *length = count * size;
  return true;
}

/* A whole number of JavaScript from low to high. */
static bool get_whole(napi_env env, napi_value value, double low, double high, size_t *result) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok) return false;
  /* Also false for NaN. */
  if (!(number >= low && number <= high) || number != (double)(uint64_t)number) return false;
  *result = (size_t)number;
  return true;
}

/* Grows the thread's scratch; NULL when memory is out. */
static uint8_t *scratch_of(napi_env env, size_t size) {
  Scratch *scratch = NULL;
  if (napi_get_instance_data(env, (void **)&scratch) != napi_ok || scratch == NULL) return NULL;
  if (scratch->size < size) {
    free(scratch->bytes);
    scratch->bytes = malloc(size);
    scratch->size = scratch->bytes == NULL ? 0 : size;
  }
  return scratch->bytes;
}

/* What there is to compress, and how. */
typedef struct {
  uint8_t *bytes;
  size_t length, typesize, shuffle, clevel, blocksize;
  char cname[16];
} Job;

/* The first six arguments of both functions that compress; false after throwing. */
static bool get_job(napi_env env, const napi_value *args, size_t count, Job *job) {
  size_t cname_length;
  job->blocksize = 0;
  if (!get_bytes(env, args[0], &job->bytes, &job->length))
    fail(env, "Expected a typed array for the bytes to compress.");
  else if (job->length > BLOSC_MAX_BUFFERSIZE)
    fail(env, "Expected less than 2 GiB to compress: a Blosc frame holds no more.");
  else if (!get_whole(env, args[1], 1, BLOSC_MAX_TYPESIZE, &job->typesize))
    fail(env, "Expected a whole number from 1 to 255 for typesize.");
  else if (!get_whole(env, args[2], BLOSC_NOSHUFFLE, BLOSC_BITSHUFFLE, &job->shuffle))
    fail(env, "Expected 0 (none), 1 (bytes) or 2 (bits) for shuffle.");
  else if (napi_get_value_string_utf8(env, args[3], job->cname, sizeof job->cname,
                                      &cname_length) != napi_ok ||
           blosc_compname_to_compcode(job->cname) < 0)
    fail(env, "Expected a compressor of this libblosc for cname.");
  else if (!get_whole(env, args[4], 0, 9, &job->clevel))
    fail(env, "Expected a whole number from 0 to 9 for clevel.");
  else if (count > 5 && !get_whole(env, args[5], 0, BLOSC_MAX_BLOCKSIZE, &job->blocksize))
    fail(env, "Expected a number of bytes, or 0, for blocksize.");
  else
    return true;
  return false;
}

/* Length of the frame; 0 or less where there is none. */
static int compress_job(const Job *job, uint8_t *target, size_t room) {
  return blosc_compress_ctx((int)job->clevel, (int)job->shuffle, job->typesize, job->length,
                            job->bytes, target, room, job->cname, job->blocksize, 1);
}

static napi_value compress(napi_env env, napi_callback_info info) {
  napi_value args[6];
  size_t count = 6;
  Job job;
  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok || count < 5)
    return fail(env, "Expected 5 or 6 arguments for compress.");
  if (!get_job(env, args, count, &job)) return NULL;
  size_t room = job.length + BLOSC_MAX_OVERHEAD;
  uint8_t *scratch = scratch_of(env, room);
  if (scratch == NULL) return fail(env, "Expected memory for a Blosc frame but there is none.");
  int size = compress_job(&job, scratch, room);
  if (size <= 0) return fail(env, "Expected libblosc to compress but it failed.");

  napi_value buffer, frame;
  void *data;
  if (napi_create_arraybuffer(env, (size_t)size, &data, &buffer) != napi_ok)
    return fail(env, "Expected memory for a Blosc frame but there is none.");
  memcpy(data, scratch, (size_t)size);
  if (napi_create_typedarray(env, napi_uint8_array, (size_t)size, buffer, 0, &frame) != napi_ok)
    return fail(env, "Expected to make an array for a Blosc frame.");
  return frame;
}

static napi_value compress_into(napi_env env, napi_callback_info info) {
  napi_value args[7], length;
  size_t count = 7;
  Job job;
  uint8_t *target;
  size_t room;
  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok || count < 7)
    return fail(env, "Expected 7 arguments for compressInto.");
  if (!get_job(env, args, count, &job)) return NULL;
  if (!get_bytes(env, args[6], &target, &room))
    return fail(env, "Expected a typed array for the target.");
  if (room < job.length + BLOSC_MAX_OVERHEAD) {
    char message[128];
    snprintf(message, sizeof message, "Expected a target of at least %zu bytes but received %zu.",
             job.length + BLOSC_MAX_OVERHEAD, room);
    return fail(env, message);
  }
  int size = compress_job(&job, target, room);
  if (size <= 0) return fail(env, "Expected libblosc to compress but it failed.");
  if (napi_create_int32(env, size, &length) != napi_ok) return NULL;
  return length;
}

/* A frame whose header fits its length, so that libblosc may touch it; false after throwing. */
static bool get_frame(napi_env env, napi_value value, uint8_t **frame, size_t *pixels) {
  size_t length;
  if (!get_bytes(env, value, frame, &length)) {
    fail(env, "Expected a typed array for the frame.");
    return false;
  }
  if (length < BLOSC_MIN_HEADER_LENGTH || blosc_cbuffer_validate(*frame, length, pixels) != 0) {
    char message[128];
    snprintf(message, sizeof message,
             "Expected a Blosc frame but received %zu bytes that are none, or not a whole one.",
             length);
    fail(env, message);
    return false;
  }
  return true;
}

static napi_value decompress(napi_env env, napi_callback_info info) {
  napi_value args[2];
  size_t count = 2;
  uint8_t *frame, *target;
  size_t pixels, length;
  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok || count < 2)
    return fail(env, "Expected 2 arguments for decompress.");
  if (!get_frame(env, args[0], &frame, &pixels)) return NULL;
  if (!get_bytes(env, args[1], &target, &length))
    return fail(env, "Expected a typed array for the target.");
  if (length != pixels) {
    char message[128];
    snprintf(message, sizeof message,
             "Expected a Blosc frame of %zu bytes but received one of %zu.", length, pixels);
    return fail(env, message);
  }
  if (length > 0 && blosc_decompress_ctx(frame, target, length, 1) != (int)length)
    return fail(env, "Expected a Blosc frame that can be decompressed but this one is damaged.");
  return NULL;
}

static napi_value decompress_part(napi_env env, napi_callback_info info) {
  napi_value args[3];
  size_t count = 3;
  uint8_t *frame, *target;
  size_t pixels, first, length, typesize;
  int flags;
  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok || count < 3)
    return fail(env, "Expected 3 arguments for decompressPart.");
  if (!get_frame(env, args[0], &frame, &pixels)) return NULL;
  if (!get_whole(env, args[1], 0, (double)pixels, &first))
    return fail(env, "Expected a whole number within the frame's bytes for the first one.");
  if (!get_bytes(env, args[2], &target, &length))
    return fail(env, "Expected a typed array for the target.");
  if (length > pixels - first)
    return fail(env, "Expected a part of the frame's bytes but it reaches beyond their end.");
  if (length == 0) return NULL;
  blosc_cbuffer_metainfo(frame, &typesize, &flags);
  if (typesize == 0 || first % typesize != 0 || length % typesize != 0)
    return fail(env, "Expected a part of whole pixels.");
  if (blosc_getitem(frame, (int)(first / typesize), (int)(length / typesize), target) !=
      (int)length)
    return fail(env, "Expected a Blosc frame that can be decompressed but this one is damaged.");
  return NULL;
}

NAPI_MODULE_INIT() {
  Scratch *scratch = calloc(1, sizeof *scratch);
  if (scratch == NULL) return fail(env, "Expected memory for the Blosc addon but there is none.");
  if (napi_set_instance_data(env, scratch, free_scratch, NULL) != napi_ok) {
    free(scratch);
    return fail(env, "Expected Node to keep the Blosc addon's state.");
  }
  napi_value version, compressors;
  if (napi_create_string_utf8(env, blosc_get_version_string(), NAPI_AUTO_LENGTH, &version) !=
          napi_ok ||
      napi_create_string_utf8(env, blosc_list_compressors(), NAPI_AUTO_LENGTH, &compressors) !=
          napi_ok)
    return NULL;
  const napi_property_descriptor properties[] = {
      {"compress", NULL, compress, NULL, NULL, NULL, napi_enumerable, NULL},
      {"compressInto", NULL, compress_into, NULL, NULL, NULL, napi_enumerable, NULL},
      {"decompress", NULL, decompress, NULL, NULL, NULL, napi_enumerable, NULL},
      {"decompressPart", NULL, decompress_part, NULL, NULL, NULL, napi_enumerable, NULL},
      {"version", NULL, NULL, NULL, NULL, version, napi_enumerable, NULL},
      {"compressors", NULL, NULL, NULL, NULL, compressors, napi_enumerable, NULL},
  };
  if (napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties) !=
      napi_ok)
    return NULL;
  return exports;
}
