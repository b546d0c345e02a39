// How the bitwise variant walks the sequences of its work-groups, and reads and writes what lies along them; bitwise.cl
// says what a sequence is.
#pragma OPENCL FP_CONTRACT OFF
#include "common/bitwise_vectors.cl"
#include "common/numerics.cl"

#define LANES 256  // of a long sequence; results depend on it

#ifndef WORKERS  // work-items that share a sequence: a power of two, LANES at most
#define WORKERS 1
#endif
#ifndef TILE  // vectors of a work-group; 1 unless ACROSS
#define TILE 1
#endif
#ifndef ACROSS
#define ACROSS 0
#endif
#ifndef ELEMENT_AXES  // how many of the four axes, the last, are those of a sequence; the others tell sequences apart
#define ELEMENT_AXES 1
#endif
#ifndef WIDE  // 1: sequences are too long for 32 bits
#define WIDE 0
#endif
#ifndef HAS_WEIGHT
#define HAS_WEIGHT 1
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 1
#endif
#ifndef GIVEN  // whether the statistics are not the group's own
#define GIVEN 0
#endif

#define WORK_GROUP (WORKERS * TILE)
#define OUTERMOST (4 - ELEMENT_AXES)  // axis of a sequence
#if WIDE
typedef ulong count;
#else
typedef uint count;
#endif

// What there is one of in a sequence: a vector for WIDTH sequences, or a float.
#if ACROSS
typedef vec own;
#define ELEMENTS 1  // of a sequence in a vector
#else
typedef float own;
#define ELEMENTS WIDTH
#endif
#if ACROSS && WIDTH > 1
#define ANY(condition) any(condition)
#else
#define ANY(condition) (condition)
#endif

// What a barrier orders: the tensors too, since y may lie where x does, and the first element of a sequence, which all
// have read before they meet, one of them overwrites after it.
#define MEETING (CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)

#define SLOTS (LANES / ELEMENTS / WORKERS > 0 ? LANES / ELEMENTS / WORKERS : 1)  // vectors of lanes to a work-item
#define STRIP (SLOTS < 4 ? SLOTS : 4)  // of them added up at the same time

typedef struct {
    vec hi, lo;
} vec_pair;

// As pair_add in numerics.cl, operation by operation.
static inline void add(vec_pair *a, vec b) {
    const vec sum = a->hi + b;
    const vec t = sum - a->hi;
    const vec low = a->lo + ((a->hi - (sum - t)) + (b - t));
    const mask finite = isfinite(sum);
    const vec hi = sum + low;
    a->lo = select((vec)0.0f, low - (hi - sum), finite);
    a->hi = select(sum, hi, finite);
}

static inline void merge(vec_pair *a, const vec_pair *b) {
    add(a, b->hi);
    a->lo += b->lo;
}

typedef struct {
    vec_pair first, second;
} sums;

static inline void merge_both(sums *a, const sums *b) {
    merge(&a->first, &b->first);
    merge(&a->second, &b->second);
}

// A sequence, or the first of WIDTH neighbours, as a work-item walks it. `other` leads to the parameter of an element,
// or to its group.
typedef struct {
    long size[4], stride[4], other[4];
    long n, lanes;     // elements of a sequence, and its lanes
    long index;        // among the sequences
    long at, other_at; // of its first element
    int valid;         // ACROSS: how many of the neighbours there are
    int worker;
} walk;

// Finds the work-group's sequences: those that follow each other along the innermost of their axes, in tiles.
static inline void begin(walk *w, long n, long lanes, long neighbours, long tiles) {
    const long work_group = get_group_id(0);
    w->n = n;
    w->lanes = lanes;
    w->worker = (int)get_local_id(0) / TILE;
#if ACROSS
    const long within = (work_group % tiles * TILE + (long)get_local_id(0) % TILE) * WIDTH;
    w->valid = (int)clamp(neighbours - within, 0L, (long)WIDTH);
    w->index = work_group / tiles * neighbours + (w->valid > 0 ? within : 0);
#else
    w->valid = 1;
    w->index = work_group;
#endif
    w->at = w->other_at = 0;
    long rest = w->index;
    for (int d = OUTERMOST - 1; d >= 0; d--) {
        const long i = rest % w->size[d];
        w->at += i * w->stride[d];
        w->other_at += i * w->other[d];
        rest /= w->size[d];
    }
}

// Where component v of the vector at an element lies, and whether it is there.
static inline int locate(const walk *w, long element, int v, long *at, long *other) {
    count rest = (count)(ACROSS ? element : element + v);
    *at = w->at;
    *other = w->other_at;
    for (int d = 3; d > OUTERMOST; d--) {
        const count size = (count)w->size[d];
        const long i = (long)(rest % size);
        *at += i * w->stride[d];
        *other += i * w->other[d];
        rest /= size;
    }
    *at += (long)rest * w->stride[OUTERMOST];
    *other += (long)rest * w->other[OUTERMOST];
#if ACROSS
    *at += v;
    *other += v * w->other[OUTERMOST - 1];
    return v < w->valid;
#else
    return element + v < w->n;
#endif
}

// The place of a vector.
typedef struct {
    long element, at, other;
    long step;  // from component to component, of other
    int dense;  // all components are there, and follow each other in the tensors
} place;

static inline void find(place *p, const walk *w, long element) {
    p->element = element;
    locate(w, element, 0, &p->at, &p->other);
#if ACROSS
    p->step = w->other[OUTERMOST - 1];
    p->dense = w->valid == WIDTH;
#else
    p->step = w->other[3];
#if WIDTH == 1
    p->dense = 1;
#elif ELEMENT_AXES == 1
    p->dense = w->stride[3] == 1 && element + WIDTH <= w->n;
#else
    p->dense = w->stride[3] == 1 && (count)element % (count)w->size[3] + WIDTH <= (count)w->size[3];
#endif
#endif
}

// Components that are not there are 0.
static inline vec elements_at(__global const element *tensor, const walk *w, const place *p) {
#if STORAGE == FLOAT32
    if (p->dense) {
        return VECTOR_LOAD(tensor + p->at);
    }
#endif
    float one[WIDTH];
    for (int v = 0; v < WIDTH; v++) {
        long at, other;
        one[v] = locate(w, p->element, v, &at, &other) ? element_at(tensor + at) : 0.0f;
    }
    return VECTOR_LOAD(one);
}

static inline void put_elements(vec values, __global element *tensor, const walk *w, const place *p) {
#if STORAGE == FLOAT32
    if (p->dense) {
        VECTOR_STORE(values, tensor + p->at);
        return;
    }
#endif
    float one[WIDTH];
    VECTOR_STORE(values, one);
    for (int v = 0; v < WIDTH; v++) {
        long at, other;
        if (locate(w, p->element, v, &at, &other)) {
            put_element(one[v], tensor + at);
        }
    }
}

static inline vec parameters_at(__global const parameter *values, const walk *w, const place *p) {
    if (p->dense && p->step == 0) {
        return (vec)parameter_at(values + p->other);
    }
#if PARAMETERS_STORAGE == FLOAT32
    if (p->dense && p->step == 1) {
        return VECTOR_LOAD(values + p->other);
    }
#endif
    float one[WIDTH];
    for (int v = 0; v < WIDTH; v++) {
        long at, other;
        one[v] = locate(w, p->element, v, &at, &other) ? parameter_at(values + other) : 0.0f;
    }
    return VECTOR_LOAD(one);
}

// One plane of the groups' statistics, where `other` leads to groups.
static inline vec statistics_at(__global const float *plane, const walk *w, const place *p) {
    if (p->dense && p->step == 0) {
        return (vec)plane[p->other];
    }
    float one[WIDTH];
    for (int v = 0; v < WIDTH; v++) {
        long at, other;
        one[v] = locate(w, p->element, v, &at, &other) ? plane[other] : 0.0f;
    }
    return VECTOR_LOAD(one);
}

// Statistics of a group, or of WIDTH of them.
typedef struct {
    own mean, delta, rstd, scale;
} group_own;

static inline own own_at(__global const float *plane, const walk *w) {
#if ACROSS
    float one[WIDTH];
    for (int v = 0; v < WIDTH; v++) {
        one[v] = v < w->valid ? plane[w->index + v] : 0.0f;
    }
    return VECTOR_LOAD(one);
#else
    return plane[w->index];
#endif
}

static inline void put_own(own value, __global float *plane, const walk *w) {
#if ACROSS
    float one[WIDTH];
    VECTOR_STORE(value, one);
    for (int v = 0; v < w->valid; v++) {
        plane[w->index + v] = one[v];
    }
#else
    plane[w->index] = value;
#endif
}

static inline void load_own(group_own *s, __global const float *stats, long groups, const walk *w) {
    s->mean = own_at(stats + MEAN * groups, w);
    s->delta = own_at(stats + DELTA * groups, w);
    s->rstd = own_at(stats + RSTD * groups, w);
    s->scale = own_at(stats + SCALE * groups, w);
}

static inline vec normalized_by(vec x, const group_own *s) {
    return ((x * s->scale - s->mean) - s->delta) * s->rstd;
}
