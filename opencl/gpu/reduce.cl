// Where the work-items of a work-group meet: one function sums over a team of them, and one asks whether any says yes.
// They meet by what the device has: shuffles between the 32 work-items of a warp (NVIDIA, written in PTX, because its
// OpenCL has no sub-groups), the sub-groups of cl_khr_subgroups, or local memory, which every device has. The order of
// summation is fixed by the source, or by the device where it adds up sub-groups itself, so every run gives the same
// bits; shuffles and local memory add in the same order.
#include "common/tracked.cl"

#define BY_LOCAL_MEMORY 0
#define BY_SHUFFLES 1
#define BY_SUB_GROUPS 2
#ifndef REDUCE
#define REDUCE BY_LOCAL_MEMORY
#endif
// What a barrier orders. In place that is the tensors too: what all have read before they meet, the pivot of a row, one
// of them overwrites after it.
#if IN_PLACE
#define MEETING (CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#else
#define MEETING CLK_LOCAL_MEM_FENCE
#endif
// Work-items a work-group, a power of two.
#ifndef WORK_GROUP
#define WORK_GROUP 256
#endif

#if REDUCE == BY_SHUFFLES && (defined(__NV_CL_C_VERSION) || defined(__NVPTX__))
#define SHUFFLES 1
#else
#define SHUFFLES 0
#endif
#if REDUCE == BY_SUB_GROUPS && defined(cl_khr_subgroups)
#pragma OPENCL EXTENSION cl_khr_subgroups : enable
#define SUB_GROUPS 1
#else
#define SUB_GROUPS 0
#endif

// Work-items that meet first, whatever they meet by: those of a warp.
#define WARP 32

// Stands before every kernel: knowing the size, a compiler knows how many registers there are.
#define FIXED_WORK_GROUP __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))

// Two sums, each in two floats, and a largest magnitude.
typedef struct {
    float first, first_low, second, second_low, largest;
} tally;

// A tally on its way to the others of its team, of whom there are few enough for one float a sum.
typedef struct {
    float first, second, largest;
} slot;

// What of a tally a team adds up: its first sum, both sums, or all of it.
#define FIRST 1
#define SUMS 2
#define ALL 3

// What team_total needs of local memory: `__local slot slots[SLOTS]`.
#if SHUFFLES && WORK_GROUP > WARP
#define SLOTS (WORK_GROUP / WARP)
#elif SHUFFLES
#define SLOTS 1
#else
#define SLOTS WORK_GROUP
#endif

static inline tally empty_tally() {
    tally t;
    t.first = t.first_low = t.second = t.second_low = t.largest = 0.0f;
    return t;
}

// The value of a sum in two floats; an infinite one has no meaningful low part.
static inline float both(float high, float low) {
    return isfinite(high) ? high + low : high;
}

// What a + b lost when it was rounded to sum (Knuth's two-sum).
static inline float lost(float a, float b, float sum) {
    const float t = sum - a;
    return (a - (sum - t)) + (b - t);
}

// Normalized after every term, as pair_add is; a sum that is not finite has no low part.
static inline tally add_first(tally t, float value) {
    const float sum = t.first + value;
    const float low = t.first_low + lost(t.first, value, sum);
    tally r = t;
    r.first = both(sum, low);
    r.first_low = isfinite(sum) ? low - (r.first - sum) : 0.0f;
    return r;
}

static inline tally add_second(tally t, float value) {
    const float sum = t.second + value;
    const float low = t.second_low + lost(t.second, value, sum);
    tally r = t;
    r.second = both(sum, low);
    r.second_low = isfinite(sum) ? low - (r.second - sum) : 0.0f;
    return r;
}

static inline slot slot_of(tally t) {
    slot s;
    s.first = both(t.first, t.first_low);
    s.second = both(t.second, t.second_low);
    s.largest = t.largest;
    return s;
}

static inline tally tally_of(slot s) {
    tally t = empty_tally();
    t.first = s.first;
    t.second = s.second;
    t.largest = s.largest;
    return t;
}

static inline slot add_slots(slot a, slot b, int parts) {
    slot s = a;
    s.first += b.first;
    if (parts >= SUMS) {
        s.second += b.second;
    }
    if (parts >= ALL) {
        s.largest = fmax(s.largest, b.largest);
    }
    return s;
}

#if SHUFFLES

#define MEMBERS (WORK_GROUP >= WARP ? 0xffffffffu : (1u << (WORK_GROUP & (WARP - 1))) - 1)

// The value of the work-item `reach` further on in the warp; its own where there is none.
static inline float further(float value, int reach) {
    float result;
    asm volatile("shfl.sync.down.b32 %0, %1, %2, 0x1f, %3;"
                 : "=f"(result) : "f"(value), "r"(reach), "r"(MEMBERS));
    return result;
}

// The value of the work-item at a place of the warp.
static inline float at_lane(float value, int lane) {
    float result;
    asm volatile("shfl.sync.idx.b32 %0, %1, %2, 0x1f, %3;" : "=f"(result) : "f"(value), "r"(lane), "r"(MEMBERS));
    return result;
}

static inline int any_of_warp(int yes) {
    int any;
    asm volatile("{\n\t.reg .pred p;\n\tsetp.ne.s32 p, %1, 0;\n\tvote.sync.any.pred p, p, %2;\n\t"
                 "selp.s32 %0, 1, 0, p;\n\t}" : "=r"(any) : "r"(yes), "r"(MEMBERS));
    return any;
}

// Sums over `count` neighbours, at most a warp: a tree whose first work-item has the sum, which all are then given.
static inline slot warp_total(slot own, int count, int parts) {
    slot s = own;
#pragma unroll
    for (int reach = count / 2; reach > 0; reach /= 2) {
        slot other = s;
        other.first = further(s.first, reach);
        if (parts >= SUMS) {
            other.second = further(s.second, reach);
        }
        if (parts >= ALL) {
            other.largest = further(s.largest, reach);
        }
        s = add_slots(s, other, parts);
    }
    const int head = get_local_id(0) & (WARP - 1) & ~(count - 1);
    s.first = at_lane(s.first, head);
    if (parts >= SUMS) {
        s.second = at_lane(s.second, head);
    }
    if (parts >= ALL) {
        s.largest = at_lane(s.largest, head);
    }
    return s;
}

INLINED void neighbours_total(slot *s, __local slot *slots, int count, int parts) {
    *s = warp_total(*s, min(count, WARP), parts);
    if (count > WARP) {
        const int me = get_local_id(0);
        const int warps = count / WARP;
        if ((me & (WARP - 1)) == 0) {
            slots[me / WARP] = *s;
        }
        barrier(MEETING);
        *s = warp_total(slots[me / count * warps + (me & (warps - 1))], warps, parts);
        barrier(MEETING);
    }
}

#endif

#if SUB_GROUPS

// The sum over the whole work-group.
INLINED void work_group_total(slot *s, __local slot *slots, int parts) {
    slot t = *s;
    t.first = sub_group_reduce_add(s->first);
    if (parts >= SUMS) {
        t.second = sub_group_reduce_add(s->second);
    }
    if (parts >= ALL) {
        t.largest = sub_group_reduce_max(s->largest);
    }
    if (get_sub_group_local_id() == 0) {
        slots[get_sub_group_id()] = t;
    }
    barrier(MEETING);
    *s = slots[0];
    for (uint k = 1; k < get_num_sub_groups(); k++) {
        *s = add_slots(*s, slots[k], parts);
    }
    barrier(MEETING);
}

#endif

// The tree in local memory: those of a warp first, then the first ones of the warps. One loop, because PoCL 3.1 leaves
// out the second of two within a conditional region.
INLINED void local_total(slot *s, __local slot *slots, int count, int parts) {
    if (count == 1) {
        return;
    }
    const int me = get_local_id(0);
    const int place = me & (count - 1);
    const int near = min(count, WARP);
    slots[me] = *s;
    int reach = near / 2;
    while (reach > 0) {
        barrier(MEETING);
        if (reach < near ? (place & (near - 1)) < reach : place < reach && (place & (near - 1)) == 0) {
            slots[me] = add_slots(slots[me], slots[me + reach], parts);
        }
        reach = reach == near ? 0 : reach == 1 && count > near ? count / 2 : reach / 2;
    }
    barrier(MEETING);
    *s = slots[me - place];
    barrier(MEETING);
}

// Replaces a tally by the sum over a team of `count` neighbours, a power of two. `parts` says what of it; the rest is
// lost. Every work-item of the work-group must come here, and each gets its own team's sum. One float a sum is enough
// on the way, because a team adds in a tree of at most ten steps.
INLINED void team_total(tally *t, __local slot *slots, int count, int parts) {
    slot s = slot_of(*t);
#if SHUFFLES
    neighbours_total(&s, slots, count, parts);
#elif SUB_GROUPS
    if (count == WORK_GROUP) {
        work_group_total(&s, slots, parts);
    } else {
        local_total(&s, slots, count, parts);
    }
#else
    local_total(&s, slots, count, parts);
#endif
    *t = tally_of(s);
}

// Whether any work-item of the work-group says yes: what all of them then do together may hold barriers.
INLINED int any_item(int yes, __local int *answer) {
    if (get_local_id(0) == 0) {
        *answer = 0;
    }
    barrier(MEETING);
    if (yes) {
        atomic_or(answer, 1);
    }
    barrier(MEETING);
    const int any = *answer;
    barrier(MEETING);
    return any;
}
