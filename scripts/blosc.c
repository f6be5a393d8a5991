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
 *   decompressRows(frame, rowBytes, row, col, height, width, target, start, stride)
 *                                      puts a part of a chunk of rows of so many bytes into rows of `target`,
 *                                      and returns true; or false, and does nothing, where the frame is not of
 *                                      single bytes whose bits were shuffled, or the processor has no AVX2. Nobody
 *                                      else may touch the frame.
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

/* ---- Bits of bytes ----------------------------------------------------------------------------------- */

/*
 * libblosc shuffles the bits of a block so: first the lowest of all bytes, then the second, and so on. It puts them
 * back with vectors for elements of two bytes and more, but one by one for single bytes, which takes longer than zstd
 * does. So where the processor has AVX2 it is asked for the shuffled bits, and they are put back here, straight to
 * where they are wanted. The format: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
 */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define VECTORS __attribute__((target("avx2")))

static bool has_vectors(void) { return __builtin_cpu_supports("avx2"); }

/* In each half of eight bytes, the rows of 8 x 8 bits become its columns (Hacker's Delight, 7-3). */
VECTORS static inline __m256i transpose(__m256i x) {
  __m256i t;
  t = _mm256_xor_si256(x, _mm256_srli_epi64(x, 7));
  t = _mm256_and_si256(t, _mm256_set1_epi64x(0x00AA00AA00AA00AA));
  x = _mm256_xor_si256(x, _mm256_xor_si256(t, _mm256_slli_epi64(t, 7)));
  t = _mm256_xor_si256(x, _mm256_srli_epi64(x, 14));
  t = _mm256_and_si256(t, _mm256_set1_epi64x(0x0000CCCC0000CCCC));
  x = _mm256_xor_si256(x, _mm256_xor_si256(t, _mm256_slli_epi64(t, 14)));
  t = _mm256_xor_si256(x, _mm256_srli_epi64(x, 28));
  t = _mm256_and_si256(t, _mm256_set1_epi64x(0x00000000F0F0F0F0));
  return _mm256_xor_si256(x, _mm256_xor_si256(t, _mm256_slli_epi64(t, 28)));
}

enum { GROUP = 256 };

/* 256 bytes, of which each of 8 planes, `length` bytes apart, has a bit in 32. */
VECTORS static inline void put_bits_back(const uint8_t *planes, size_t length, uint8_t *bytes) {
  __m256i plane[8];
  for (int k = 0; k < 8; k++) plane[k] = _mm256_loadu_si256((const __m256i *)(planes + k * length));
  for (int half = 0; half < 2; half++) {
    /* Eight bytes of one place in all planes come to lie beside each other: of bytes 0 to 127 in the lower lane. */
    __m256i pairs[4], quads[4];
    for (int k = 0; k < 4; k++)
      pairs[k] = half == 0 ? _mm256_unpacklo_epi8(plane[2 * k], plane[2 * k + 1])
                           : _mm256_unpackhi_epi8(plane[2 * k], plane[2 * k + 1]);
    for (int k = 0; k < 2; k++) {
      quads[2 * k] = _mm256_unpacklo_epi16(pairs[2 * k], pairs[2 * k + 1]);
      quads[2 * k + 1] = _mm256_unpackhi_epi16(pairs[2 * k], pairs[2 * k + 1]);
    }
    for (int k = 0; k < 2; k++) {
      const __m256i one = transpose(_mm256_unpacklo_epi32(quads[k], quads[2 + k]));
      const __m256i other = transpose(_mm256_unpackhi_epi32(quads[k], quads[2 + k]));
      uint8_t *into = bytes + 64 * half + 32 * k;
      _mm256_storeu_si256((__m256i *)into, _mm256_permute2x128_si256(one, other, 0x20));
      _mm256_storeu_si256((__m256i *)(into + 128), _mm256_permute2x128_si256(one, other, 0x31));
    }
  }
}
#else
#define VECTORS
enum { GROUP = 8 };

static bool has_vectors(void) { return false; }

static void put_bits_back(const uint8_t *planes, size_t length, uint8_t *bytes) {
  for (int i = 0; i < 8; i++) {
    bytes[i] = 0;
    for (int k = 0; k < 8; k++) bytes[i] |= (uint8_t)((planes[k * length] >> i & 1) << k);
  }
}
#endif

/* Places in a frame's header, and flags. */
enum { FLAGS = 2, TYPESIZE = 3, IS_COPY = 0x2, HAS_SHUFFLED_BITS = 0x4 };

/* The bytes from `first` on of a block of `size`. */
VECTORS static void read_block(const uint8_t *block, size_t size, size_t first, size_t count,
                               uint8_t *bytes) {
  /* What is no whole number of bytes of bits is left as it is. */
  if (size % 8 != 0) {
    memcpy(bytes, block + first, count);
    return;
  }
  const size_t length = size / 8;
  while (count > 0) {
    const size_t start = first / GROUP * GROUP, skip = first - start;
    size_t taken = GROUP - skip < count ? GROUP - skip : count;
    if (taken == GROUP && start + GROUP <= size) {
      size_t whole = count < size - start ? count : size - start;
      whole -= whole % GROUP;
      for (taken = 0; taken < whole; taken += GROUP)
        put_bits_back(block + (start + taken) / 8, length, bytes + taken);
    } else {
      uint8_t group[GROUP];
      if (start + GROUP <= size) {
        put_bits_back(block + start / 8, length, group);
      } else {
        /* The last bytes of the planes, of which there are fewer than in a group. */
        uint8_t planes[GROUP] = {0};
        for (int k = 0; k < 8; k++)
          memcpy(planes + GROUP / 8 * k, block + k * length + start / 8, (size - start) / 8);
        put_bits_back(planes, GROUP / 8, group);
      }
      memcpy(bytes, group + skip, taken);
    }
    first += taken;
    count -= taken;
    bytes += taken;
  }
}

/* The blocks of a frame that hold the bytes from `first` to `end`, their bits shuffled; NULL where it is damaged. */
static const uint8_t *shuffled_blocks(napi_env env, uint8_t *frame, size_t pixels, size_t first,
                                      size_t end) {
  uint8_t *scratch = scratch_of(env, end - first);
  if (scratch == NULL) return NULL;
  const uint8_t flags = frame[FLAGS];
  frame[FLAGS] = flags & (uint8_t)~HAS_SHUFFLED_BITS;
  const size_t length = end - first;
  const int found = length == pixels
                        ? blosc_decompress_ctx(frame, scratch, length, 1)
                        : blosc_getitem(frame, (int)first, (int)length, scratch);
  frame[FLAGS] = flags;
  return found == (int)length ? scratch : NULL;
}

static napi_value decompress_rows(napi_env env, napi_callback_info info) {
  napi_value args[9], result;
  size_t count = 9;
  uint8_t *frame, *target;
  size_t pixels, room, bytes, blocksize, values[7];
  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok || count < 9)
    return fail(env, "Expected 9 arguments for decompressRows.");
  if (!get_frame(env, args[0], &frame, &pixels)) return NULL;
  if (!get_bytes(env, args[6], &target, &room))
    return fail(env, "Expected a typed array for the target.");
  for (int k = 0; k < 7; k++)
    if (!get_whole(env, args[k < 5 ? k + 1 : k + 2], 0, 9007199254740991.0, &values[k]))
      return fail(env, "Expected whole numbers for the place of the rows.");
  const size_t row_bytes = values[0], row = values[1], col = values[2], height = values[3],
               width = values[4], start = values[5], stride = values[6];
  if (height == 0 || width == 0 || row_bytes > BLOSC_MAX_BUFFERSIZE || col > row_bytes ||
      width > row_bytes - col || row > pixels || height > pixels ||
      row + height > pixels / row_bytes)
    return fail(env, "Expected rows within the frame's bytes.");
  if (start > room || width > room - start || stride > room ||
      (height > 1 && (stride < width || height - 1 > (room - start - width) / stride)))
    return fail(env, "Expected rows within the target.");
  const bool is_ours = has_vectors() && frame[TYPESIZE] == 1 &&
                       (frame[FLAGS] & HAS_SHUFFLED_BITS) != 0 && (frame[FLAGS] & IS_COPY) == 0;
  if (is_ours) {
    blosc_cbuffer_sizes(frame, &pixels, &bytes, &blocksize);
    if (blocksize == 0)
      return fail(env, "Expected a Blosc frame that can be decompressed but this one is damaged.");
    const size_t from = (row * row_bytes + col) / blocksize * blocksize;
    const size_t last = (row + height - 1) * row_bytes + col + width;
    size_t end = (last + blocksize - 1) / blocksize * blocksize;
    if (end > pixels) end = pixels;
    const uint8_t *blocks = shuffled_blocks(env, frame, pixels, from, end);
    if (blocks == NULL)
      return fail(env, "Expected a Blosc frame that can be decompressed but this one is damaged.");
    for (size_t j = 0; j < height; j++) {
      size_t at = (row + j) * row_bytes + col, left = width;
      uint8_t *into = target + start + j * stride;
      while (left > 0) {
        const size_t block = at / blocksize * blocksize;
        const size_t size = pixels - block < blocksize ? pixels - block : blocksize;
        const size_t taken = left < block + size - at ? left : block + size - at;
        read_block(blocks + block - from, size, at - block, taken, into);
        at += taken;
        into += taken;
        left -= taken;
      }
    }
  }
  if (napi_get_boolean(env, is_ours, &result) != napi_ok) return NULL;
  return result;
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
      {"decompressRows", NULL, decompress_rows, NULL, NULL, NULL, napi_enumerable, NULL},
      {"version", NULL, NULL, NULL, NULL, version, napi_enumerable, NULL},
      {"compressors", NULL, NULL, NULL, NULL, compressors, napi_enumerable, NULL},
  };
  if (napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties) !=
      napi_ok)
    return NULL;
  return exports;
}
