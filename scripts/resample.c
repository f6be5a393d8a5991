/*
 * The innermost loops of resampling, for Node: what src/kernel/resample/ does in TypeScript where this could
 * not be compiled, in the same order and in IEEE doubles, so that both have the same bits. An addon of
 * Node-API, so that one build serves every version of Node and every thread of a process can load it.
 *
 * Arrays are read and written where they lie. Whatever is given, nothing outside of them is touched:
 * lengths are looked at before each loop, and what does not fit is an error of JavaScript's.
 *
 *   interpolate   positions in squares of a grid (interpolated.ts)
 *   bringBack     columns by whole turns around the earth (warp.ts)
 *   bounds        the box around points (points.ts)
 *   holders       for each point the source pixel that holds it (methods/near.ts)
 *   gather        a pixel for each of those, and whether it has a value (methods/near.ts)
 *   copyRows      rows of bytes from one array into another (rows.ts)
 *   blend         bilinear and cubic, of one band (methods/bilinear.ts, cubic.ts, convolution.ts)
 *   missing       marks pixels of a value, and NaN
 *
 *   cc -std=c11 -shared -fPIC -O3 -ffp-contract=off -I<prefix>/include/node -o resample.node resample.c -lm
 */
#define NAPI_VERSION 8
#include <node_api.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__FAST_MATH__)
#error "Results must be those of IEEE arithmetic, in the order that is written."
#endif

#define ALWAYS inline __attribute__((always_inline))

/*
 * Compiled twice, for processors with AVX2 and for all others; which of the two runs is found out when the addon is
 * loaded. Neither fuses a product with a sum, so both have the same bits.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define CLONED __attribute__((target_clones("avx2", "default")))
#else
#define CLONED
#endif

/* As in src/kernel/resample: interpolated.ts, methods/resampler.ts, bilinear.ts, convolution.ts. */
enum { MOST_SIDE = 256, DEGREE = 4, TERMS = DEGREE + 1, POINTS = 2 * DEGREE + 1, NODES = POINTS * POINTS };
static const double EDGE = 1e-10;
static const double BILINEAR_LEAST_WEIGHT = 1e-5;
static const double LEAST_WEIGHT = 1e-6;
static const double NEARLY_ONE = 1e-5;

/* ---- Arguments -------------------------------------------------------------------------------------- */

/* No raster is longer or wider; products of two of these fit an int64_t. */
static const double MOST = 2147483647.0;

typedef struct {
  napi_typedarray_type type;
  void *data;
  int64_t length;
} Array;

enum { MAX_ARGS = 28 };

typedef struct {
  napi_env env;
  napi_value values[MAX_ARGS];
  size_t next;
  /* What was wrong first. */
  const char *wrong;
} Args;

static napi_value fail(napi_env env, const char *message) {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && !pending)
    napi_throw_error(env, "RESAMPLE", message);
  return NULL;
}

static void wrong(Args *args, const char *message) {
  if (args->wrong == NULL) args->wrong = message;
}

static Args begin(napi_env env, napi_callback_info info, size_t expected) {
  Args args = {.env = env};
  size_t count = MAX_ARGS;
  if (napi_get_cb_info(env, info, &count, args.values, NULL, NULL) != napi_ok || count != expected)
    args.wrong = "Expected another number of arguments.";
  return args;
}

/* An empty one where it is none. */
static Array any_array(Args *args) {
  Array array = {.length = 0};
  if (args->wrong != NULL) return array;
  napi_value value = args->values[args->next++];
  bool is_typed = false;
  size_t length = 0;
  if (napi_is_typedarray(args->env, value, &is_typed) != napi_ok || !is_typed ||
      napi_get_typedarray_info(args->env, value, &array.type, &length, &array.data, NULL, NULL) !=
          napi_ok ||
      (array.data == NULL && length > 0) || (double)length > MOST)
    wrong(args, "Expected a typed array.");
  else
    array.length = (int64_t)length;
  return array;
}

static Array array_of(Args *args, napi_typedarray_type type) {
  Array array = any_array(args);
  if (args->wrong == NULL && array.type != type) wrong(args, "Expected a typed array of another type.");
  return array;
}

/* Marks of gaps; without any where it is undefined. */
static const uint8_t *gaps_or_none(Args *args, int64_t length) {
  if (args->wrong != NULL) return NULL;
  napi_valuetype type;
  if (napi_typeof(args->env, args->values[args->next], &type) == napi_ok && type == napi_undefined) {
    args->next++;
    return NULL;
  }
  Array array = array_of(args, napi_uint8_array);
  if (array.length != length) wrong(args, "Expected a mark for each pixel.");
  return array.data;
}

/* Room for marks of gaps; none where it is undefined. */
static uint8_t *marks_or_none(Args *args, int64_t length) {
  return (uint8_t *)gaps_or_none(args, length);
}

static double number(Args *args) {
  double value = 0;
  if (args->wrong == NULL &&
      napi_get_value_double(args->env, args->values[args->next++], &value) != napi_ok)
    wrong(args, "Expected a number.");
  return value;
}

/* A whole number from low on. */
static int64_t whole(Args *args, double low) {
  double value = number(args);
  if (args->wrong != NULL) return 0;
  /* Also for NaN. */
  if (!(value >= low && value <= MOST) || value != (double)(int64_t)value) {
    wrong(args, "Expected a whole number in range.");
    return 0;
  }
  return (int64_t)value;
}

static int64_t count_of(Args *args) { return whole(args, 0); }
static int64_t place_of(Args *args) { return whole(args, -MOST); }

static napi_value result_of(const Args *args, int64_t value) {
  napi_value result;
  if (napi_create_int64(args->env, value, &result) != napi_ok) return NULL;
  return result;
}

typedef struct {
  int64_t row, col, height, width;
} Window;

static Window window_of(Args *args) {
  Window window;
  window.row = place_of(args);
  window.col = place_of(args);
  window.height = count_of(args);
  window.width = count_of(args);
  return window;
}

/* Whether rows of `width` elements, `stride` apart, lie within `length` from `first` on. */
static bool fits(int64_t first, int64_t stride, int64_t height, int64_t width, int64_t length) {
  if (height == 0 || width == 0) return true;
  return width <= stride && first + (height - 1) * stride + width <= length;
}

/* A block of points. */
typedef struct {
  double *xs, *ys;
  int64_t first, stride, height, width;
} Points;

static Points points_of(Args *args) {
  Array xs = array_of(args, napi_float64_array);
  Array ys = array_of(args, napi_float64_array);
  Points points = {.xs = xs.data, .ys = ys.data};
  points.first = count_of(args);
  points.stride = count_of(args);
  points.height = count_of(args);
  points.width = count_of(args);
  if (xs.length != ys.length ||
      !fits(points.first, points.stride, points.height, points.width, xs.length))
    wrong(args, "Expected points within the arrays of positions.");
  return points;
}

/* ---- Numbers ---------------------------------------------------------------------------------------- */

/* Of a number that an int64_t holds. */
static ALWAYS int64_t floor_of(double value) {
  int64_t result = (int64_t)value;
  return result - ((double)result > value);
}

/* Math.round: halves up. */
static double rounded(double value) {
  double low = floor(value);
  return value - low >= 0.5 ? low + 1 : low;
}

static ALWAYS double load(const void *data, int64_t at, napi_typedarray_type type) {
  switch (type) {
    case napi_uint8_array:
      return ((const uint8_t *)data)[at];
    case napi_int16_array:
      return ((const int16_t *)data)[at];
    case napi_uint16_array:
      return ((const uint16_t *)data)[at];
    case napi_int32_array:
      return ((const int32_t *)data)[at];
    case napi_uint32_array:
      return ((const uint32_t *)data)[at];
    case napi_float32_array:
      return ((const float *)data)[at];
    default:
      return ((const double *)data)[at];
  }
}

static ALWAYS int64_t to_range(double value, double low, double high) {
  double half_up = value + 0.5;
  if (half_up < low) return (int64_t)low;
  if (half_up > high) return (int64_t)high;
  return floor_of(half_up);
}

/* Integers to the nearest, halves up, within the type's range. */
static ALWAYS void store(void *data, int64_t at, double value, napi_typedarray_type type) {
  switch (type) {
    case napi_uint8_array:
      ((uint8_t *)data)[at] = (uint8_t)to_range(value, 0, UINT8_MAX);
      break;
    case napi_int16_array:
      ((int16_t *)data)[at] = (int16_t)to_range(value, INT16_MIN, INT16_MAX);
      break;
    case napi_uint16_array:
      ((uint16_t *)data)[at] = (uint16_t)to_range(value, 0, UINT16_MAX);
      break;
    case napi_int32_array:
      ((int32_t *)data)[at] = (int32_t)to_range(value, INT32_MIN, INT32_MAX);
      break;
    case napi_uint32_array:
      ((uint32_t *)data)[at] = (uint32_t)to_range(value, 0, UINT32_MAX);
      break;
    case napi_float32_array:
      ((float *)data)[at] = (float)value;
      break;
    default:
      ((double *)data)[at] = value;
  }
}

static bool is_pixel_type(napi_typedarray_type type) {
  return type == napi_uint8_array || type == napi_int16_array || type == napi_uint16_array ||
         type == napi_int32_array || type == napi_uint32_array || type == napi_float32_array ||
         type == napi_float64_array;
}

static ALWAYS int64_t bytes_of(napi_typedarray_type type) {
  switch (type) {
    case napi_uint8_array:
      return 1;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_float64_array:
      return 8;
    default:
      return 4;
  }
}

/* ---- Positions -------------------------------------------------------------------------------------- */

/* What all squares of a strip have in common. */
typedef struct {
  const double *places, *basis;
  double seen, offset, edges, near;
} Squares;

static void row_of(const double *polynomial, double v, double *row) {
  for (int k = 0; k < TERMS; k++) {
    double sum = polynomial[DEGREE * TERMS + k];
    for (int m = DEGREE - 1; m >= 0; m--) sum = sum * v + polynomial[m * TERMS + k];
    row[k] = sum;
  }
}

static ALWAYS double value_at(const double *c, double u) {
  return (((c[4] * u + c[3]) * u + c[2]) * u + c[1]) * u + c[0];
}

/* The polynomial of a square; whether it is right at all points. */
static bool polynomial_of(const double *values, const Squares *squares, double *polynomial) {
  for (int at = 0; at < TERMS * TERMS; at++) polynomial[at] = 0;
  for (int j = 0; j < TERMS; j++)
    for (int i = 0; i < TERMS; i++) {
      const double value = values[2 * j * POINTS + 2 * i];
      const double *down = squares->basis + j * TERMS, *across = squares->basis + i * TERMS;
      for (int m = 0; m < TERMS; m++)
        for (int k = 0; k < TERMS; k++) polynomial[m * TERMS + k] += value * down[m] * across[k];
    }
  for (int j = 0; j < POINTS; j++) {
    double row[TERMS];
    row_of(polynomial, squares->places[j], row);
    for (int i = 0; i < POINTS; i++)
      /* Not so where either is not finite. */
      if (!(fabs(value_at(row, squares->places[i]) - values[j * POINTS + i]) <= squares->seen))
        return false;
  }
  return true;
}

static ALWAYS bool is_unsure(double place, const Squares *squares) {
  const double x = place * squares->edges;
  const double distance = x - floor(x + 0.5);
  return distance < squares->near && distance > -squares->near;
}

/*
 * Whether any of them may be unsure: by the nearest whole number, which is the same where that matters, and
 * which processors find for several at a time.
 */
static ALWAYS bool any_unsure(const double *places, int64_t count, const Squares *squares) {
  const double whole = 6755399441055744.0, most = 1125899906842624.0;
  const double edges = squares->edges, near = squares->near;
  int64_t found = 0;
  for (int64_t i = 0; i < count; i++) {
    const double x = places[i] * edges;
    found += fabs(x - ((x + whole) - whole)) < near;
    found += fabs(x) >= most;
  }
  return found > 0;
}

/* The places along a row of a square; whether any of them may be unsure. */
CLONED static bool place_row(double *into, const double *us, int64_t width, const double *row,
                             const Squares *squares) {
  for (int64_t i = 0; i < width; i++) into[i] = value_at(row, us[i]);
  return any_unsure(into, width, squares);
}

static napi_value interpolate(napi_env env, napi_callback_info info) {
  Args args = begin(env, info, 21);
  const Array nodes_x = array_of(&args, napi_float64_array);
  const Array nodes_y = array_of(&args, napi_float64_array);
  const Array places = array_of(&args, napi_float64_array);
  const Array basis = array_of(&args, napi_float64_array);
  const double seen = number(&args), offset = number(&args), edges = number(&args), near = number(&args);
  const Window strip = window_of(&args);
  const int64_t top = place_of(&args), left = place_of(&args);
  const int64_t side = whole(&args, 1), stride = count_of(&args);
  const Array xs = array_of(&args, napi_float64_array);
  const Array ys = array_of(&args, napi_float64_array);
  const int64_t start = count_of(&args);
  const Array rejected = array_of(&args, napi_uint8_array);
  const Array unsure = array_of(&args, napi_int32_array);
  if (args.wrong != NULL) return fail(env, args.wrong);
  const int64_t count = rejected.length;
  if (nodes_x.length != count * NODES || nodes_y.length != count * NODES ||
      places.length != POINTS || basis.length != TERMS * TERMS)
    return fail(env, "Expected 81 nodes for each square.");
  if (side > MOST_SIDE) return fail(env, "Expected squares of at most 256 points on a side.");
  if (xs.length != ys.length || !fits(start, stride, strip.height, strip.width, xs.length) ||
      unsure.length < strip.height * strip.width)
    return fail(env, "Expected room for the positions of the strip.");
  if (left > strip.col || left + count * side < strip.col + strip.width || top > strip.row ||
      top + side < strip.row + strip.height)
    return fail(env, "Expected squares around the strip.");

  const Squares squares = {places.data, basis.data, seen, offset, edges, near};
  double *const x = xs.data, *const y = ys.data;
  int32_t *const unsure_at = unsure.data;
  uint8_t *const is_rejected = rejected.data;
  int64_t found = 0;
  for (int64_t k = 0; k < count; k++) {
    double across[TERMS * TERMS], down[TERMS * TERMS], us[MOST_SIDE];
    is_rejected[k] =
        !polynomial_of((const double *)nodes_x.data + k * NODES, &squares, across) ||
        !polynomial_of((const double *)nodes_y.data + k * NODES, &squares, down);
    if (is_rejected[k]) continue;
    const int64_t first = left + k * side;
    const int64_t col = first > strip.col ? first : strip.col;
    const int64_t end = first + side < strip.col + strip.width ? first + side : strip.col + strip.width;
    const int64_t width = end - col;
    if (width <= 0) continue;
    for (int64_t i = 0; i < width; i++)
      us[i] = (((double)(col + i) + offset - (double)first) * 2) / (double)side - 1;
    for (int64_t j = 0; j < strip.height; j++) {
      const double v = (((double)(strip.row + j) + offset - (double)top) * 2) / (double)side - 1;
      double row_x[TERMS], row_y[TERMS];
      row_of(across, v, row_x);
      row_of(down, v, row_y);
      const int64_t at = start + j * stride + col - strip.col;
      double *const own_x = x + at, *const own_y = y + at;
      const bool may_be_x = place_row(own_x, us, width, row_x, &squares);
      const bool may_be_y = place_row(own_y, us, width, row_y, &squares);
      if (!may_be_x && !may_be_y) continue;
      for (int64_t i = 0; i < width; i++)
        if (is_unsure(own_x[i], &squares) || is_unsure(own_y[i], &squares))
          unsure_at[found++] = (int32_t)(at + i);
    }
  }
  return result_of(&args, found);
}

static napi_value bring_back(napi_env env, napi_callback_info info) {
  Args args = begin(env, info, 5);
  const Array xs = array_of(&args, napi_float64_array);
  const double middle = number(&args), turn = number(&args);
  const double low = number(&args), high = number(&args);
  if (args.wrong != NULL) return fail(env, args.wrong);
  double *const places = xs.data;
  for (int64_t i = 0; i < xs.length; i++) {
    const double x = places[i];
    if (x >= low && x < high) continue;
    const double back = x - turn * rounded((x - middle) / turn);
    if (isfinite(back)) places[i] = back;
  }
  return NULL;
}

typedef struct {
  double west, east, north, south;
} Box;

/* Columns of points that are looked at together, each with a box of its own. */
enum { LANES = 128 };

/* The box around points in another one, of a stretch of columns. */
CLONED static Box bounds_of(const Points *points, int64_t first, int64_t width, const Box *within) {
  double west[LANES], east[LANES], north[LANES], south[LANES];
  for (int64_t i = 0; i < LANES; i++) {
    west[i] = north[i] = INFINITY;
    east[i] = south[i] = -INFINITY;
  }
  const Box w = *within;
  for (int64_t j = 0; j < points->height; j++) {
    const double *xs = points->xs + points->first + j * points->stride + first;
    const double *ys = points->ys + points->first + j * points->stride + first;
    for (int64_t i = 0; i < width; i++) {
      const double x = xs[i], y = ys[i], sum = x + y;
      /* A number that is not finite has no difference to itself. */
      const int is_in = (x >= w.west) & (x <= w.east) & (y >= w.north) & (y <= w.south) & (sum - sum == 0);
      west[i] = is_in & (x < west[i]) ? x : west[i];
      east[i] = is_in & (x > east[i]) ? x : east[i];
      north[i] = is_in & (y < north[i]) ? y : north[i];
      south[i] = is_in & (y > south[i]) ? y : south[i];
    }
  }
  Box box = {INFINITY, -INFINITY, INFINITY, -INFINITY};
  for (int64_t i = 0; i < width; i++) {
    if (west[i] < box.west) box.west = west[i];
    if (east[i] > box.east) box.east = east[i];
    if (north[i] < box.north) box.north = north[i];
    if (south[i] > box.south) box.south = south[i];
  }
  return box;
}

static napi_value bounds(napi_env env, napi_callback_info info) {
  Args args = begin(env, info, 11);
  const Points points = points_of(&args);
  const double left = number(&args), right = number(&args);
  const double top = number(&args), bottom = number(&args);
  const Array into = array_of(&args, napi_float64_array);
  if (args.wrong != NULL) return fail(env, args.wrong);
  if (into.length != 4) return fail(env, "Expected room for four numbers.");
  const Box within = {left, right, top, bottom};
  Box all = {INFINITY, -INFINITY, INFINITY, -INFINITY};
  for (int64_t first = 0; first < points.width; first += LANES) {
    const int64_t width = points.width - first < LANES ? points.width - first : LANES;
    const Box own = bounds_of(&points, first, width, &within);
    if (own.west < all.west) all.west = own.west;
    if (own.east > all.east) all.east = own.east;
    if (own.north < all.north) all.north = own.north;
    if (own.south > all.south) all.south = own.south;
  }
  double *const box = into.data;
  box[0] = all.west;
  box[1] = all.east;
  box[2] = all.north;
  box[3] = all.south;
  return NULL;
}

/* ---- near ------------------------------------------------------------------------------------------- */

/* A window whose edges an int32_t holds. */
typedef struct {
  double left, right, top, bottom;
  int32_t row, col, columns;
} Holding;

CLONED static void holders_in_row(const double *xs, const double *ys, int64_t width, const Holding *window,
                                  int32_t *holders) {
  const Holding w = *window;
  for (int64_t i = 0; i < width; i++) {
    const double x = xs[i] + EDGE, y = ys[i] + EDGE;
    /* Not so for NaN either. */
    const int is_in = (x >= w.left) & (x < w.right) & (y >= w.top) & (y < w.bottom);
    const double in_x = is_in ? x : w.left, in_y = is_in ? y : w.top;
    int32_t col = (int32_t)in_x, row = (int32_t)in_y;
    col -= (double)col > in_x;
    row -= (double)row > in_y;
    const int32_t holder = (row - w.row) * w.columns + (col - w.col);
    holders[i] = is_in ? holder : -1;
  }
}

static napi_value holders(napi_env env, napi_callback_info info) {
  Args args = begin(env, info, 11);
  const Points points = points_of(&args);
  const Window window = window_of(&args);
  const Array into = array_of(&args, napi_int32_array);
  if (args.wrong != NULL) return fail(env, args.wrong);
  if (into.length != points.height * points.width)
    return fail(env, "Expected room for a holder of each point.");
  if (window.height * window.width > INT32_MAX)
    return fail(env, "Expected a window whose pixels can be counted.");
  const int64_t right = window.col + window.width, bottom = window.row + window.height;
  if (right > INT32_MAX || bottom > INT32_MAX)
    return fail(env, "Expected a window that ends where it can be counted.");
  const Holding holding = {(double)window.col,   (double)right,       (double)window.row,
                           (double)bottom,       (int32_t)window.row, (int32_t)window.col,
                           (int32_t)window.width};
  for (int64_t j = 0; j < points.height; j++) {
    const int64_t at = points.first + j * points.stride;
    holders_in_row(points.xs + at, points.ys + at, points.width, &holding,
                   (int32_t *)into.data + j * points.width);
  }
  return NULL;
}

typedef struct {
  const void *from;
  const uint8_t *from_gap;
  /* Where is_raw: a pixel that is equal to it, or to nothing, has no value. */
  bool is_raw;
  double lacks;
  const int32_t *holders;
  void *pixels;
  uint8_t *is_gap;
  int64_t length, height, width, start, stride;
} Gather;

/* Gaps among them; less than none where a holder lies outside of the source. */
static ALWAYS int64_t gather_sized(const Gather *g, const napi_typedarray_type type, const bool has_gaps,
                                   const bool is_raw, const bool marks) {
  const int64_t size = bytes_of(type);
  const double lacks = g->lacks;
  int64_t gaps = 0;
  const int32_t *holder = g->holders;
  for (int64_t j = 0; j < g->height; j++) {
    const int64_t start = g->start + j * g->stride;
    for (int64_t at = start; at < start + g->width; at++) {
      const int64_t from = *holder++;
      if (from == -1) {
        if (marks) g->is_gap[at] = 1;
        gaps++;
        continue;
      }
      if (from < 0 || from >= g->length) return -1;
      if (has_gaps && g->from_gap[from] == 1) {
        if (marks) g->is_gap[at] = 1;
        gaps++;
        continue;
      }
      if (is_raw) {
        const double value = load(g->from, from, type);
        if (value == lacks || value != value) {
          if (marks) g->is_gap[at] = 1;
          gaps++;
          continue;
        }
      }
      if (marks) g->is_gap[at] = 0;
      if (size == 1) ((uint8_t *)g->pixels)[at] = ((const uint8_t *)g->from)[from];
      if (size == 2) ((uint16_t *)g->pixels)[at] = ((const uint16_t *)g->from)[from];
      if (size == 4) ((uint32_t *)g->pixels)[at] = ((const uint32_t *)g->from)[from];
      if (size == 8) ((uint64_t *)g->pixels)[at] = ((const uint64_t *)g->from)[from];
    }
  }
  return gaps;
}

static ALWAYS int64_t gather_marking(const Gather *g, const napi_typedarray_type type, const bool marks) {
  if (g->from_gap != NULL) return gather_sized(g, type, true, false, marks);
  return g->is_raw ? gather_sized(g, type, false, true, marks) : gather_sized(g, type, false, false, marks);
}

static ALWAYS int64_t gather_of(const Gather *g, const napi_typedarray_type type) {
  return g->is_gap == NULL ? gather_marking(g, type, false) : gather_marking(g, type, true);
}

static napi_value gather(napi_env env, napi_callback_info info) {
  Args args = begin(env, info, 11);
  const Array from = any_array(&args);
  const uint8_t *from_gap = gaps_or_none(&args, from.length);
  const double raw = number(&args), lacks = number(&args);
  const Array holder = array_of(&args, napi_int32_array);
  const int64_t height = count_of(&args), width = count_of(&args);
  const Array pixels = any_array(&args);
  uint8_t *const is_gap = marks_or_none(&args, pixels.length);
  const int64_t start = count_of(&args), stride = count_of(&args);
  if (args.wrong != NULL) return fail(env, args.wrong);
  if (!is_pixel_type(from.type) || pixels.type != from.type)
    return fail(env, "Expected pixels of one type.");
  if (from_gap != NULL && raw != 0) return fail(env, "Expected marks of gaps, or a value, not both.");
  if (holder.length != height * width) return fail(env, "Expected a holder for each pixel.");
  if (!fits(start, stride, height, width, pixels.length))
    return fail(env, "Expected room for the block.");
  const Gather g = {from.data, from_gap, raw != 0, lacks, holder.data, pixels.data, is_gap,
                    from.length, height, width, start, stride};
  int64_t gaps = -1;
  switch (from.type) {
    case napi_uint8_array:
      gaps = gather_of(&g, napi_uint8_array);
      break;
    case napi_int16_array:
      gaps = gather_of(&g, napi_int16_array);
      break;
    case napi_uint16_array:
      gaps = gather_of(&g, napi_uint16_array);
      break;
    case napi_int32_array:
      gaps = gather_of(&g, napi_int32_array);
      break;
    case napi_uint32_array:
      gaps = gather_of(&g, napi_uint32_array);
      break;
    case napi_float32_array:
      gaps = gather_of(&g, napi_float32_array);
      break;
    default:
      gaps = gather_of(&g, napi_float64_array);
  }
  if (gaps < 0) return fail(env, "Expected holders within the source.");
  return result_of(&args, gaps);
}

/* ---- Rows ------------------------------------------------------------------------------------------- */

typedef struct {
  uint8_t *bytes;
  int64_t length, start, stride;
} Rows;

static Rows rows_of(Args *args) {
  const Array array = array_of(args, napi_uint8_array);
  Rows rows = {.bytes = array.data, .length = array.length};
  rows.start = count_of(args);
  rows.stride = count_of(args);
  return rows;
}

static napi_value copy_rows(napi_env env, napi_callback_info info) {
  Args args = begin(env, info, 8);
  const Rows from = rows_of(&args), to = rows_of(&args);
  const int64_t height = count_of(&args), width = count_of(&args);
  if (args.wrong != NULL) return fail(env, args.wrong);
  if (!fits(from.start, from.stride, height, width, from.length) ||
      !fits(to.start, to.stride, height, width, to.length))
    return fail(env, "Expected rows within the arrays.");
  if (width == 0) return NULL;
  for (int64_t j = 0; j < height; j++)
    memmove(to.bytes + to.start + j * to.stride, from.bytes + from.start + j * from.stride, (size_t)width);
  return NULL;
}

/* ---- bilinear and cubic ----------------------------------------------------------------------------- */

enum { BILINEAR, CUBIC };

typedef struct {
  int method;
  const void *from;
  napi_typedarray_type type;
  const uint8_t *from_gap;
  /* Where `from` lies, and where the raster has pixels at all. */
  Window window, extent;
  double scale_x, scale_y;
  int64_t reach_x, reach_y;
  /* Places, less half a pixel, around which the whole kernel lies in the window. */
  double first_x, end_x, first_y, end_y;
  /* 2 * reach each. */
  double *across, *down;
  Points points;
  void *pixels;
  uint8_t *is_gap;
  int64_t start, stride;
} Blend;

/* Whether a pixel of the raster that has a value holds the position. */
static bool is_held(const Blend *b, double x, double y) {
  const double at_x = x + EDGE, at_y = y + EDGE;
  const Window *e = &b->extent, *w = &b->window;
  /* Also for NaN. */
  if (!(at_x >= (double)e->col && at_y >= (double)e->row)) return false;
  if (!(at_x < (double)(e->col + e->width) && at_y < (double)(e->row + e->height))) return false;
  const int64_t col = floor_of(at_x) - w->col, row = floor_of(at_y) - w->row;
  if (col < 0 || row < 0 || col >= w->width || row >= w->height) return false;
  return b->from_gap == NULL || b->from_gap[row * w->width + col] != 1;
}

/* Between the four pixel centres around a position that is held, as far as they have values. */
static double between_four(const Blend *b, double x, double y) {
  if (!is_held(b, x, y)) return NAN;
  const Window *w = &b->window;
  const int64_t left = floor_of(x - 0.5), top = floor_of(y - 0.5);
  const double ratio_x = 1.5 - (x - (double)left), ratio_y = 1.5 - (y - (double)top);
  double sum = 0, weights = 0;
  for (int j = 0; j < 2; j++) {
    const int64_t row = top + j - w->row;
    if (row < 0 || row >= w->height) continue;
    const double weight_y = j == 0 ? ratio_y : 1 - ratio_y;
    for (int i = 0; i < 2; i++) {
      const int64_t col = left + i - w->col;
      if (col < 0 || col >= w->width) continue;
      const int64_t at = row * w->width + col;
      if (b->from_gap != NULL && b->from_gap[at] == 1) continue;
      const double weight = (i == 0 ? ratio_x : 1 - ratio_x) * weight_y;
      weights += weight;
      sum += load(b->from, at, b->type) * weight;
    }
  }
  if (weights == 1) return sum;
  return weights < BILINEAR_LEAST_WEIGHT ? NAN : sum / weights;
}

static ALWAYS double weight_of(double distance, const int method) {
  const double x = fabs(distance);
  if (method == BILINEAR) return 1 - x > 0 ? 1 - x : 0;
  const double square = x * x;
  if (x <= 1) return square * (1.5 * x - 2.5) + 1;
  return x <= 2 ? square * (-0.5 * x + 2.5) - 4 * x + 2 : 0;
}

/* A kernel wider than a source pixel's, of whose pixels some may have no value or not be there. */
static double convolve(const Blend *b, double x, double y) {
  if (!is_held(b, x, y)) return NAN;
  const Window *w = &b->window;
  const int64_t columns = 2 * b->reach_x, rows = 2 * b->reach_y;
  const int64_t low_x = 1 - b->reach_x, low_y = 1 - b->reach_y;
  const int64_t before_x = floor_of(x - 0.5), before_y = floor_of(y - 0.5);
  const double fraction_x = x - 0.5 - (double)before_x, fraction_y = y - 0.5 - (double)before_y;
  double *const across = b->across, *const down = b->down;
  for (int64_t k = 0; k < columns; k++)
    across[k] = weight_of(((double)(k + low_x) - fraction_x) * b->scale_x, b->method);
  for (int64_t m = 0; m < rows; m++)
    down[m] = weight_of(((double)(m + low_y) - fraction_y) * b->scale_y, b->method);

  const int64_t left = before_x - w->col + low_x, top = before_y - w->row + low_y;
  int64_t first = left < 0 ? -left : 0;
  int64_t end = columns < w->width - left ? columns : w->width - left;
  /* What has no weight need not be read. */
  while (first < end && across[first] == 0) first++;
  while (end > first && across[end - 1] == 0) end--;
  double sum = 0, weights = 0;
  for (int64_t m = top < 0 ? -top : 0; m < rows && top + m < w->height; m++) {
    const double weight = down[m];
    if (weight == 0) continue;
    const int64_t start = (top + m) * w->width + left;
    double row_sum = 0, row_weights = 0;
    for (int64_t k = first; k < end; k++) {
      if (b->from_gap != NULL && b->from_gap[start + k] == 1) continue;
      row_sum += load(b->from, start + k, b->type) * across[k];
      row_weights += across[k];
    }
    weights += row_weights * weight;
    sum += row_sum * weight;
  }
  if (!(weights >= LEAST_WEIGHT)) return NAN;
  return fabs(weights - 1) > NEARLY_ONE ? sum / weights : sum;
}

/* Kernels of more pixels than this along an axis take the long way. */
enum { MOST_TAPS = 16 };

/* What is decided once for all pixels: a method, and where it is a kernel, how many pixels that has. */
typedef enum { BETWEEN_FOUR, BETWEEN_SIXTEEN, LINEAR_2_4, LINEAR_4_2, LINEAR_4_4, ANY_KERNEL } Way;

/*
 * The same where all pixels are there: true, or false where the long way must be taken. Weights of 0 at the
 * ends of a row are added too, which changes no sum, since their pixels are taken for 0 where they could be
 * infinite.
 */
static ALWAYS bool convolve_whole(const Blend *b, double half_x, double half_y,
                                  const napi_typedarray_type type, const int method,
                                  const int64_t columns, const int64_t rows, double *result) {
  const bool is_float = type == napi_float32_array || type == napi_float64_array;
  const int64_t width = b->window.width;
  const int64_t low_x = 1 - columns / 2, low_y = 1 - rows / 2;
  const int64_t before_x = floor_of(half_x), before_y = floor_of(half_y);
  const int64_t at = (before_y - b->window.row + low_y) * width + before_x - b->window.col + low_x;
  if (b->from_gap != NULL) {
    unsigned gaps = 0;
    for (int64_t m = 0; m < rows; m++)
      for (int64_t k = 0; k < columns; k++) gaps |= b->from_gap[at + m * width + k];
    if (gaps != 0) return false;
  }
  const double fraction_x = half_x - (double)before_x, fraction_y = half_y - (double)before_y;
  double across[MOST_TAPS], all = 0, sum = 0, weights = 0;
  for (int64_t k = 0; k < columns; k++) {
    across[k] = weight_of(((double)(k + low_x) - fraction_x) * b->scale_x, method);
    all += across[k];
  }
  for (int64_t m = 0; m < rows; m++) {
    const double weight = weight_of(((double)(m + low_y) - fraction_y) * b->scale_y, method);
    if (weight == 0) continue;
    double row_sum = 0;
    for (int64_t k = 0; k < columns; k++) {
      double value = load(b->from, at + m * width + k, type);
      if (is_float && across[k] == 0) value = 0;
      row_sum += value * across[k];
    }
    weights += all * weight;
    sum += row_sum * weight;
  }
  if (!(weights >= LEAST_WEIGHT)) *result = NAN;
  else *result = fabs(weights - 1) > NEARLY_ONE ? sum / weights : sum;
  return true;
}

static ALWAYS bool bilinear_whole(const Blend *b, double x, double y, const napi_typedarray_type type,
                                  double *result) {
  const int64_t width = b->window.width;
  const int64_t left = floor_of(x - 0.5), top = floor_of(y - 0.5);
  const int64_t at = (top - b->window.row) * width + left - b->window.col;
  if (b->from_gap != NULL && (b->from_gap[at] | b->from_gap[at + 1] | b->from_gap[at + width] |
                              b->from_gap[at + width + 1]) != 0)
    return false;
  const double ratio_x = 1.5 - (x - (double)left), ratio_y = 1.5 - (y - (double)top);
  const double other_x = 1 - ratio_x, other_y = 1 - ratio_y;
  const double w0 = ratio_x * ratio_y, w1 = other_x * ratio_y;
  const double w2 = ratio_x * other_y, w3 = other_x * other_y;
  const double sum = load(b->from, at, type) * w0 + load(b->from, at + 1, type) * w1 +
                     load(b->from, at + width, type) * w2 + load(b->from, at + width + 1, type) * w3;
  const double weights = w0 + w1 + w2 + w3;
  *result = weights == 1 ? sum : sum / weights;
  return true;
}

/* Keys (1981), a = -0.5: the weights of four pixels, a position x behind the second of them. */
static ALWAYS void set_cubic_weights(double x, double *weights) {
  const double half = 0.5 * x, three = 3 * x, half_square = half * x;
  weights[0] = half * (-1 + x * (2 - x));
  weights[1] = 1 + half_square * (-5 + three);
  weights[2] = half * (1 + x * (4 - three));
  weights[3] = half_square * (-1 + x);
}

static ALWAYS bool cubic_whole(const Blend *b, double x, double y, const napi_typedarray_type type,
                               double *result) {
  const int64_t width = b->window.width;
  const int64_t left = floor_of(x - 0.5), top = floor_of(y - 0.5);
  const int64_t at = (top - 1 - b->window.row) * width + left - 1 - b->window.col;
  if (b->from_gap != NULL) {
    unsigned gaps = 0;
    for (int j = 0; j < 4; j++)
      for (int i = 0; i < 4; i++) gaps |= b->from_gap[at + j * width + i];
    if (gaps != 0) return false;
  }
  double across[4], down[4], sum = 0;
  set_cubic_weights(x - 0.5 - (double)left, across);
  set_cubic_weights(y - 0.5 - (double)top, down);
  for (int j = 0; j < 4; j++) {
    const int64_t row = at + j * width;
    const double value = across[0] * load(b->from, row, type) + across[1] * load(b->from, row + 1, type) +
                         across[2] * load(b->from, row + 2, type) + across[3] * load(b->from, row + 3, type);
    sum += down[j] * value;
  }
  *result = sum;
  return true;
}

static ALWAYS int64_t blend_by(const Blend *b, const napi_typedarray_type type, const Way way) {
  /* A copy of its own, which what is written cannot change. */
  const Blend own = *b;
  int64_t gaps = 0;
  for (int64_t j = 0; j < own.points.height; j++) {
    const double *xs = own.points.xs + own.points.first + j * own.points.stride;
    const double *ys = own.points.ys + own.points.first + j * own.points.stride;
    const int64_t start = own.start + j * own.stride;
    for (int64_t i = 0; i < own.points.width; i++) {
      const double x = xs[i], y = ys[i], half_x = x - 0.5, half_y = y - 0.5;
      double value = NAN;
      /* Where the whole kernel is there, so is the pixel that holds the position. Also for NaN. */
      bool is_done = half_x >= own.first_x && half_x < own.end_x && half_y >= own.first_y && half_y < own.end_y;
      if (is_done) switch (way) {
          case BETWEEN_FOUR:
            is_done = bilinear_whole(&own, x, y, type, &value);
            break;
          case BETWEEN_SIXTEEN:
            is_done = cubic_whole(&own, x, y, type, &value);
            break;
          case LINEAR_2_4:
            is_done = convolve_whole(&own, half_x, half_y, type, BILINEAR, 2, 4, &value);
            break;
          case LINEAR_4_2:
            is_done = convolve_whole(&own, half_x, half_y, type, BILINEAR, 4, 2, &value);
            break;
          case LINEAR_4_4:
            is_done = convolve_whole(&own, half_x, half_y, type, BILINEAR, 4, 4, &value);
            break;
          default:
            is_done = convolve_whole(&own, half_x, half_y, type, own.method, 2 * own.reach_x,
                                     2 * own.reach_y, &value);
        }
      if (!is_done)
        value = way == BETWEEN_FOUR || way == BETWEEN_SIXTEEN ? between_four(b, x, y) : convolve(b, x, y);
      if (isnan(value)) {
        if (own.is_gap != NULL) own.is_gap[start + i] = 1;
        gaps++;
        continue;
      }
      if (own.is_gap != NULL) own.is_gap[start + i] = 0;
      store(own.pixels, start + i, value, type);
    }
  }
  return gaps;
}

static Way way_of(const Blend *b) {
  if (!(b->scale_x < 1 || b->scale_y < 1)) return b->method == CUBIC ? BETWEEN_SIXTEEN : BETWEEN_FOUR;
  if (b->method == BILINEAR && b->reach_x == 1 && b->reach_y == 2) return LINEAR_2_4;
  if (b->method == BILINEAR && b->reach_x == 2 && b->reach_y == 1) return LINEAR_4_2;
  if (b->method == BILINEAR && b->reach_x == 2 && b->reach_y == 2) return LINEAR_4_4;
  return ANY_KERNEL;
}

static ALWAYS int64_t blend_type(const Blend *b, const napi_typedarray_type type) {
  switch (way_of(b)) {
    case BETWEEN_FOUR:
      return blend_by(b, type, BETWEEN_FOUR);
    case BETWEEN_SIXTEEN:
      return blend_by(b, type, BETWEEN_SIXTEEN);
    case LINEAR_2_4:
      return blend_by(b, type, LINEAR_2_4);
    case LINEAR_4_2:
      return blend_by(b, type, LINEAR_4_2);
    case LINEAR_4_4:
      return blend_by(b, type, LINEAR_4_4);
    default:
      return blend_by(b, type, ANY_KERNEL);
  }
}

static int64_t blend_any(const Blend *b) {
  switch (b->type) {
    case napi_uint8_array:
      return blend_type(b, napi_uint8_array);
    case napi_int16_array:
      return blend_type(b, napi_int16_array);
    case napi_uint16_array:
      return blend_type(b, napi_uint16_array);
    case napi_int32_array:
      return blend_type(b, napi_int32_array);
    case napi_uint32_array:
      return blend_type(b, napi_uint32_array);
    case napi_float32_array:
      return blend_type(b, napi_float32_array);
    default:
      return blend_type(b, napi_float64_array);
  }
}

static napi_value blend(napi_env env, napi_callback_info info) {
  Args args = begin(env, info, 23);
  const int64_t method = whole(&args, BILINEAR);
  const Array from = any_array(&args);
  const uint8_t *from_gap = gaps_or_none(&args, from.length);
  Blend b = {.from = from.data, .type = from.type, .from_gap = from_gap, .method = (int)method};
  b.window = window_of(&args);
  b.extent = window_of(&args);
  b.scale_x = number(&args);
  b.scale_y = number(&args);
  b.points = points_of(&args);
  const Array pixels = any_array(&args);
  b.is_gap = marks_or_none(&args, pixels.length);
  b.start = count_of(&args);
  b.stride = count_of(&args);
  if (args.wrong != NULL) return fail(env, args.wrong);
  if (method > CUBIC) return fail(env, "Expected bilinear or cubic.");
  if (!is_pixel_type(from.type) || pixels.type != from.type)
    return fail(env, "Expected pixels of one type.");
  if (b.window.height * b.window.width != from.length)
    return fail(env, "Expected as many pixels as the window has.");
  if (!fits(b.start, b.stride, b.points.height, b.points.width, pixels.length))
    return fail(env, "Expected room for the block.");
  const double radius = method == BILINEAR ? 1 : 2;
  if (!(b.scale_x > 0 && b.scale_x <= 1 && b.scale_y > 0 && b.scale_y <= 1))
    return fail(env, "Expected scales above 0 and up to 1.");
  const double reach_x = ceil(radius / b.scale_x), reach_y = ceil(radius / b.scale_y);
  if (!(reach_x <= 1 << 24 && reach_y <= 1 << 24)) return fail(env, "Expected a kernel of less pixels.");
  b.reach_x = (int64_t)reach_x;
  b.reach_y = (int64_t)reach_y;
  b.pixels = pixels.data;
  /* Nowhere where the window is no part of the raster, or the kernel is too large. */
  const Window *w = &b.window, *e = &b.extent;
  const bool is_part = w->col >= e->col && w->row >= e->row && w->col + w->width <= e->col + e->width &&
                       w->row + w->height <= e->row + e->height;
  const bool is_small = 2 * b.reach_x <= MOST_TAPS && 2 * b.reach_y <= MOST_TAPS;
  b.first_x = is_part && is_small ? (double)(w->col + b.reach_x - 1) : INFINITY;
  b.end_x = (double)(w->col + w->width - b.reach_x);
  b.first_y = (double)(w->row + b.reach_y - 1);
  b.end_y = (double)(w->row + w->height - b.reach_y);
  double *const weights = malloc((size_t)(2 * b.reach_x + 2 * b.reach_y) * sizeof *weights);
  if (weights == NULL) return fail(env, "Expected memory for the weights but there is none.");
  b.across = weights;
  b.down = weights + 2 * b.reach_x;
  const int64_t gaps = blend_any(&b);
  free(weights);
  return result_of(&args, gaps);
}

/* ---- Values that mean nothing ----------------------------------------------------------------------- */

static ALWAYS int64_t mark(const void *pixels, int64_t length, double code, uint8_t *is_gap,
                           const napi_typedarray_type type) {
  int64_t found = 0;
  for (int64_t i = 0; i < length; i++) {
    const double value = load(pixels, i, type);
    const uint8_t is_missing = (value == code) | (value != value);
    is_gap[i] |= is_missing;
    found += is_missing;
  }
  return found;
}

static napi_value missing(napi_env env, napi_callback_info info) {
  Args args = begin(env, info, 3);
  const Array pixels = any_array(&args);
  const double code = number(&args);
  const Array is_gap = array_of(&args, napi_uint8_array);
  if (args.wrong != NULL) return fail(env, args.wrong);
  if (!is_pixel_type(pixels.type)) return fail(env, "Expected pixels.");
  if (is_gap.length != pixels.length) return fail(env, "Expected a mark for each pixel.");
  int64_t found = 0;
  switch (pixels.type) {
    case napi_uint8_array:
      found = mark(pixels.data, pixels.length, code, is_gap.data, napi_uint8_array);
      break;
    case napi_int16_array:
      found = mark(pixels.data, pixels.length, code, is_gap.data, napi_int16_array);
      break;
    case napi_uint16_array:
      found = mark(pixels.data, pixels.length, code, is_gap.data, napi_uint16_array);
      break;
    case napi_int32_array:
      found = mark(pixels.data, pixels.length, code, is_gap.data, napi_int32_array);
      break;
    case napi_uint32_array:
      found = mark(pixels.data, pixels.length, code, is_gap.data, napi_uint32_array);
      break;
    case napi_float32_array:
      found = mark(pixels.data, pixels.length, code, is_gap.data, napi_float32_array);
      break;
    default:
      found = mark(pixels.data, pixels.length, code, is_gap.data, napi_float64_array);
  }
  return result_of(&args, found);
}

/* Of the calls: whoever was compiled for others leaves the addon alone. */
enum { VERSION = 4 };

NAPI_MODULE_INIT() {
  napi_value version;
  if (napi_create_int32(env, VERSION, &version) != napi_ok ||
      napi_set_named_property(env, exports, "version", version) != napi_ok)
    return NULL;
  const napi_property_descriptor properties[] = {
      {"interpolate", NULL, interpolate, NULL, NULL, NULL, napi_enumerable, NULL},
      {"bringBack", NULL, bring_back, NULL, NULL, NULL, napi_enumerable, NULL},
      {"bounds", NULL, bounds, NULL, NULL, NULL, napi_enumerable, NULL},
      {"holders", NULL, holders, NULL, NULL, NULL, napi_enumerable, NULL},
      {"gather", NULL, gather, NULL, NULL, NULL, napi_enumerable, NULL},
      {"copyRows", NULL, copy_rows, NULL, NULL, NULL, napi_enumerable, NULL},
      {"blend", NULL, blend, NULL, NULL, NULL, napi_enumerable, NULL},
      {"missing", NULL, missing, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  if (napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties) !=
      napi_ok)
    return NULL;
  return exports;
}
