// The sums of the bitwise variant over a sequence, in the one order that bitwise.cl tells.
#include "common/bitwise_walk.cl"

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
