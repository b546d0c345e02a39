// Results to the last bit: the same on every device that rounds as IEEE 754 says, and those of the Java engine's mirror
// (engine.cpu.Bitwise*). Nothing here is contracted, and whatever the device, its work-groups and vectors, numbers are
// added in one order:
//
//     A sequence is the elements of a group, or those that share a parameter, in row-major order. It has as many lanes
//     as elements, rounded up to a power of two, LANES at most. Lane l adds up the elements l, l + lanes,
//     l + 2 lanes ... in two floats; then lanes l and l + lanes/2 are added, of what is left l and l + lanes/4, until
//     one is left.
//
// A work-group takes TILE vectors of WIDTH floats, each by WORKERS work-items. A vector is WIDTH neighbours of one
// sequence, or (ACROSS) one element of each of WIDTH neighbouring sequences: plan.BitwiseVariant chooses by device and
// layout, and changes the speed alone.
//
// Bytes: forward reads x three times and writes y, backward reads x and dy twice, or three times with parameters.
#pragma OPENCL FP_CONTRACT OFF
#include "common/numerics.cl"

#define LANES 256  // of a long sequence; results depend on it

#ifndef WIDTH  // floats a vector: 1, or 16 where WORKERS is 1
#define WIDTH 1
#endif
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

#if WIDTH == 16
typedef float16 vec;
typedef int16 mask;
#define VECTOR_LOAD(p) vload16(0, p)
#define VECTOR_STORE(v, p) vstore16(v, 0, p)
#define COUNTED ((int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#else
typedef float vec;
typedef int mask;
#define VECTOR_LOAD(p) (*(p))
#define VECTOR_STORE(v, p) (*(p) = (v))
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

// What is added up: two terms an element.
#define DISTANCES 0   // d and d * d, where d = x * scale - center
#define MAGNITUDES 1  // x * scale and |x * scale|
#define GRADIENTS 2   // g and g * x_hat, where g = dy * weight
#define PARAMETERS 3  // dy * x_hat and dy

typedef struct {
    __global const element *x, *dy;
    __global const parameter *weight;
    __global const float *stats;  // of all groups
    long groups;
    own scale, center;
    group_own own_stats;  // of these groups
} source;

static inline void terms(vec *first, vec *second, int what, const source *from, const walk *w, const place *p) {
    const vec x = elements_at(from->x, w, p);
    if (what == DISTANCES) {
        *first = x * from->scale - from->center;
        *second = *first * *first;
    } else if (what == MAGNITUDES) {
        *first = x * from->scale;
        *second = fabs(*first);
    } else if (what == GRADIENTS) {
        *first = elements_at(from->dy, w, p);
#if HAS_WEIGHT
        *first *= parameters_at(from->weight, w, p);
#endif
        *second = *first * normalized_by(x, &from->own_stats);
    } else {
        const vec scale = statistics_at(from->stats + SCALE * from->groups, w, p);
        const vec mean = statistics_at(from->stats + MEAN * from->groups, w, p);
        const vec delta = statistics_at(from->stats + DELTA * from->groups, w, p);
        const vec rstd = statistics_at(from->stats + RSTD * from->groups, w, p);
        *second = elements_at(from->dy, w, p);
        *first = *second * (((x * scale - mean) - delta) * rstd);
    }
}

INLINED void add_terms(sums *to, int what, const source *from, const walk *w, long element) {
    place p;
    vec first, second;
    find(&p, w, element);
    terms(&first, &second, what, from, w, &p);
#if ELEMENTS > 1
    if (element + WIDTH > w->n) {  // a lane to which nothing is added keeps its bits
        const sums before = *to;
        add(&to->first, first);
        add(&to->second, second);
        const mask there = COUNTED < (int)(w->n - element);
        to->first.hi = select(before.first.hi, to->first.hi, there);
        to->first.lo = select(before.first.lo, to->first.lo, there);
        to->second.hi = select(before.second.hi, to->second.hi, there);
        to->second.lo = select(before.second.lo, to->second.lo, there);
        return;
    }
#endif
    add(&to->first, first);
    add(&to->second, second);
}

INLINED void put_sums(const sums *s, __local float *shared, int at) {
    VECTOR_STORE(s->first.hi, shared + at);
    VECTOR_STORE(s->first.lo, shared + WORK_GROUP + at);
    VECTOR_STORE(s->second.hi, shared + 2 * WORK_GROUP + at);
    VECTOR_STORE(s->second.lo, shared + 3 * WORK_GROUP + at);
}

INLINED void get_sums(sums *s, __local const float *shared, int at) {
    s->first.hi = VECTOR_LOAD(shared + at);
    s->first.lo = VECTOR_LOAD(shared + WORK_GROUP + at);
    s->second.hi = VECTOR_LOAD(shared + 2 * WORK_GROUP + at);
    s->second.lo = VECTOR_LOAD(shared + 3 * WORK_GROUP + at);
}

// What the work-items that share a sequence hold, added up over them; the same in all of them. (Of a loop that is left
// between its barriers PoCL 3.1 makes something else.)
INLINED void merge_workers(sums *mine, const walk *w, int workers, __local float *shared) {
#if WORKERS > 1
    const int me = get_local_id(0);
    put_sums(mine, shared, me);
    barrier(MEETING);
    for (int half_way = workers / 2; half_way > 0; half_way /= 2) {
        if (w->worker < half_way) {
            sums there;
            get_sums(&there, shared, me + half_way * TILE);
            merge_both(mine, &there);
            put_sums(mine, shared, me);
        }
        barrier(MEETING);
    }
    get_sums(mine, shared, me % TILE);
    barrier(MEETING);
#endif
}

// The last lanes, which are the components of a vector.
static inline float merge_components(vec_pair all, int lanes) {
#if ELEMENTS > 1
    float hi[WIDTH], lo[WIDTH];
    VECTOR_STORE(all.hi, hi);
    VECTOR_STORE(all.lo, lo);
    for (int half_way = min(lanes, WIDTH) / 2; half_way > 0; half_way /= 2) {
        for (int v = 0; v < half_way; v++) {
            float_pair a;
            a.hi = hi[v];
            a.lo = lo[v];
            a = pair_add(a, hi[v + half_way]);
            hi[v] = a.hi;
            lo[v] = a.lo + lo[v + half_way];
        }
    }
    return hi[0] + lo[0];
#else
    return 0.0f;
#endif
}

// Both sums over a sequence, the same in all work-items that share it.
INLINED void sum_of(own *first, own *second, int what, const source *from, const walk *w, __local float *shared) {
    const int vectors = max((int)w->lanes / ELEMENTS, 1);
    const int slots = max(vectors / WORKERS, 1);
    sums slot[SLOTS];
    for (int strip = 0; strip < slots; strip += STRIP) {
        sums held[STRIP];
        for (int i = 0; i < STRIP; i++) {
            held[i].first.hi = held[i].first.lo = held[i].second.hi = held[i].second.lo = (vec)0.0f;
        }
        for (long base = 0; base < w->n; base += w->lanes) {
            for (int i = 0; i < STRIP; i++) {
                const int vector = (strip + i) * WORKERS + w->worker;
                const long element = base + (long)vector * ELEMENTS;
                if (vector < vectors && element < w->n) {
                    add_terms(&held[i], what, from, w, element);
                }
            }
        }
        for (int i = 0; i < STRIP; i++) {
            slot[strip + i] = held[i];
        }
    }
    for (int half_way = slots / 2; half_way > 0; half_way /= 2) {
        for (int i = 0; i < half_way; i++) {
            merge_both(&slot[i], &slot[i + half_way]);
        }
    }
    sums all = slot[0];
    merge_workers(&all, w, min(vectors, WORKERS), shared);
#if ELEMENTS > 1
    *first = merge_components(all.first, (int)w->lanes);
    *second = merge_components(all.second, (int)w->lanes);
#else
    *first = all.first.hi + all.first.lo;
    *second = all.second.hi + all.second.lo;
#endif
}

// Whether something is so in any work-item; each must ask, because what follows has barriers.
INLINED int anywhere(int here, __local float *shared) {
#if WORK_GROUP > 1
    const int me = get_local_id(0);
    shared[me] = here ? 1.0f : 0.0f;
    barrier(MEETING);
    here = 0;
    for (int i = 0; i < WORK_GROUP; i++) {
        here |= shared[i] != 0.0f;
    }
    barrier(MEETING);
#endif
    return here;
}

typedef struct {
    own mean, delta, variance;
} own_moments;

// Corrected two-pass relative to the first element, so that equal elements have no variance at all.
INLINED void moments_of(own_moments *m, source *from, const walk *w, __local float *shared) {
    const own n = (own)(float)w->n;
    own sum, squares;
#if ACROSS
    place p;
    find(&p, w, 0);
    from->center = elements_at(from->x, w, &p) * from->scale;
#else
    from->center = element_at(from->x + w->at) * from->scale;
#endif
    for (int again = 0; again < 2; again++) {
        sum_of(&sum, &squares, DISTANCES, from, w, shared);
        if (again == 0) {
            m->mean = from->center + sum / n;
            from->center = m->mean;
        }
    }
    m->delta = select((own)0.0f, sum / n, isfinite(m->mean));
    m->variance = squares / n - m->delta * m->delta;
    m->variance = select(m->variance, (own)0.0f, m->variance < (own)0.0f);
}

// The power of two that brings a group's average magnitude to 2 ... 4, as far as eps * scale^2 stays in range. The
// average was taken of numbers multiplied by 2^-shift.
static inline float rescue_by(float average, int shift, float eps) {
    if (!(average > 0.0f && average <= FLT_MAX)) {
        return 1.0f;
    }
    int power = 1 - (exponent_of(average) + shift);
    if (eps > 0.0f) {
        power = min(power, (100 - exponent_of(eps)) / 2);
    }
    power = clamp(power, -126, 126);
    return as_float((power + 127) << 23);
}

#define SHIFT 40  // as many elements as have a sum in float's range, however large they are

static inline own rescue_scales(own averages, own shrunk, float eps) {
#if ACROSS
    float average[WIDTH], shrink[WIDTH], scale[WIDTH];
    VECTOR_STORE(averages, average);
    VECTOR_STORE(shrunk, shrink);
    for (int v = 0; v < WIDTH; v++) {
        scale[v] = rescue_by(average[v], shrink[v] == 1.0f ? 0 : SHIFT, eps);
    }
    return VECTOR_LOAD(scale);
#else
    return rescue_by(averages, shrunk == 1.0f ? 0 : SHIFT, eps);
#endif
}

static inline own rstd_by(own variances, own scales, float eps, int zero_rstd) {
#if ACROSS
    float variance[WIDTH], scale[WIDTH], rstd[WIDTH];
    VECTOR_STORE(variances, variance);
    VECTOR_STORE(scales, scale);
    for (int v = 0; v < WIDTH; v++) {
        rstd[v] = rstd_of(variance[v], eps, scale[v], zero_rstd);
    }
    return VECTOR_LOAD(rstd);
#else
    return rstd_of(variances, eps, scales, zero_rstd);
#endif
}

// Mean and rstd of groups. Those whose squares left float's range are walked again, scaled; and with them those that a
// work-group has beside them, unscaled, to the same end. A group with an infinite element has that as its mean.
INLINED void statistics_of(group_own *s, source *from, __global float *stats, const walk *w, float eps, int zero_rstd,
                           __local float *shared) {
    own_moments m;
    own scale = (own)1.0f;
    from->scale = scale;
    moments_of(&m, from, w, shared);
    if (anywhere(ANY(!(m.variance > (own)0x1p-80f && m.variance <= (own)FLT_MAX)), shared)) {
        own sum, magnitudes;
        const own before = m.variance;
        const own shrunk = select((own)0x1p-40f, (own)1.0f, before <= (own)FLT_MAX);
        from->scale = shrunk;
        sum_of(&sum, &magnitudes, MAGNITUDES, from, w, shared);
        const own n = (own)(float)w->n;
        const own rescue = select(rescue_scales(magnitudes / n, shrunk, eps), (own)1.0f,
                before > (own)0x1p-80f && before <= (own)FLT_MAX);
        own_moments scaled;
        from->scale = rescue;
        moments_of(&scaled, from, w, shared);
        // as rescue_helps of numerics.cl
        m.mean = select(m.mean, scaled.mean, scaled.variance > (own)0.0f || rescue > (own)1.0f);
        m.delta = select(m.delta, scaled.delta, scaled.variance > (own)0.0f || rescue > (own)1.0f);
        m.variance = select((own)0.0f, scaled.variance, scaled.variance > (own)0.0f || rescue > (own)1.0f);
        scale = select(scale, rescue, scaled.variance > (own)0.0f || rescue > (own)1.0f);
        // what is left is not finite
        m.mean = select(sum, m.mean, before <= (own)FLT_MAX || isfinite(sum));
        m.delta = select((own)0.0f, m.delta, before <= (own)FLT_MAX || isfinite(sum));
        m.variance = select((own)NAN, m.variance, before <= (own)FLT_MAX || isfinite(sum));
    }
    s->mean = m.mean;
    s->delta = m.delta;
    s->rstd = rstd_by(m.variance, scale, eps, zero_rstd);
    s->scale = scale;
    if (w->worker == 0) {
        put_own(s->mean, stats + MEAN * from->groups, w);
        put_own(s->delta, stats + DELTA * from->groups, w);
        put_own(s->rstd, stats + RSTD * from->groups, w);
        put_own(s->scale, stats + SCALE * from->groups, w);
        put_own(m.variance, stats + VARIANCE * from->groups, w);
    }
}

#define WALK {{size0, size1, size2, size3}, {stride0, stride1, stride2, stride3}, {other0, other1, other2, other3}}

// y = x_hat * weight + bias.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void forward(__global const element *x, __global const parameter *weight, __global const parameter *bias,
             __global element *y, __global float *stats, float eps, int zero_rstd, long groups, long sequence_size,
             long lanes, long neighbours, long tiles, long size0, long size1, long size2, long size3,
             long stride0, long stride1, long stride2, long stride3,
             long other0, long other1, long other2, long other3) {
    __local float shared[4 * WORK_GROUP];
    walk w = WALK;
    begin(&w, sequence_size, lanes, neighbours, tiles);
    group_own s;
#if GIVEN
    load_own(&s, stats, groups, &w);
#else
    source from;
    from.x = x;
    from.groups = groups;
    statistics_of(&s, &from, stats, &w, eps, zero_rstd, shared);
#endif
    for (long e = (long)w.worker * ELEMENTS; e < w.n; e += WORKERS * ELEMENTS) {
        place p;
        find(&p, &w, e);
        vec value = normalized_by(elements_at(x, &w, &p), &s);
#if HAS_WEIGHT
        value *= parameters_at(weight, &w, &p);
#endif
#if HAS_BIAS
        value += parameters_at(bias, &w, &p);
#endif
        put_elements(value, y, &w, &p);
    }
}

// dx = rstd * (g - mean(g) - x_hat * mean(g * x_hat)) with g = dy * weight; rstd * g where the statistics were given.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void backward(__global const element *x, __global const element *dy, __global const parameter *weight,
              __global element *dx, __global const float *stats, long groups, long sequence_size,
              long lanes, long neighbours, long tiles, long size0, long size1, long size2, long size3,
              long stride0, long stride1, long stride2, long stride3,
              long other0, long other1, long other2, long other3) {
    __local float shared[4 * WORK_GROUP];
    walk w = WALK;
    begin(&w, sequence_size, lanes, neighbours, tiles);
    source from;
    load_own(&from.own_stats, stats, groups, &w);
#if !GIVEN
    from.x = x;
    from.dy = dy;
    from.weight = weight;
    own mean_g, mean_gx;
    sum_of(&mean_g, &mean_gx, GRADIENTS, &from, &w, shared);
    mean_g /= (own)(float)w.n;
    mean_gx /= (own)(float)w.n;
#endif
    for (long e = (long)w.worker * ELEMENTS; e < w.n; e += WORKERS * ELEMENTS) {
        place p;
        find(&p, &w, e);
        vec g = elements_at(dy, &w, &p);
#if HAS_WEIGHT
        g *= parameters_at(weight, &w, &p);
#endif
#if !GIVEN
        g = (g - mean_g) - normalized_by(elements_at(x, &w, &p), &from.own_stats) * mean_gx;
#endif
        put_elements((g * from.own_stats.rstd) * from.own_stats.scale, dx, &w, &p);
    }
}

// dweight and dbias as partials[2][1][parameters]; `other` leads to groups.
__kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
void parameter_gradients(__global const element *x, __global const element *dy, __global const float *stats,
                         __global float *partials, long groups, long parameters, long sequence_size,
                         long lanes, long neighbours, long tiles, long size0, long size1, long size2, long size3,
                         long stride0, long stride1, long stride2, long stride3,
                         long other0, long other1, long other2, long other3) {
    __local float shared[4 * WORK_GROUP];
    walk w = WALK;
    begin(&w, sequence_size, lanes, neighbours, tiles);
    source from;
    from.x = x;
    from.dy = dy;
    from.stats = stats;
    from.groups = groups;
    own dweight, dbias;
    sum_of(&dweight, &dbias, PARAMETERS, &from, &w, shared);
    if (w.worker == 0) {
        put_own(dweight, partials, &w);
        put_own(dbias, partials + parameters, &w);
    }
}
