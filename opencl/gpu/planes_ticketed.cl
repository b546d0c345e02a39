// Batch normalization of planes in one launch, for tensors larger than the cache: only as many channels are in flight
// as the cache holds, so that the second reading of x never leaves it: 2T forward, 3T backward, instead of 3T and 5T.
// Whether that pays has not been measured on a GPU: chosen by name only.
//
// Channels are cut into slices, numbered one channel after the other, and every work-group draws a ticket. With ticket
// t it finds the moments (or sums) of slice t, and the last one of a channel to arrive merges them; then it normalizes
// slice t - lag, whose channel is by then done, or nearly: it waits for slices below t alone. They were drawn before,
// by work-groups that have begun and wait for nobody until those slices are done, so there is no deadlock, even where
// work-groups run one after another. lag is at least the number of slices of a channel. Who does a slice is decided by
// a counter; what comes out is not: results go to fixed slots and are merged in a fixed order.
//
// Slots are passed on as atomics do it, since OpenCL 1.2 has no release and acquire: written and read by atomic
// operations, with a fence before the counter that tells of them.
#define TICKETED 1
#ifndef STREAMS
#define STREAMS 1
#endif

#include "gpu/normalize.cl"

// tickets: the next ticket, then for each channel how many slices have arrived and whether they are merged.
#define NEXT 0
#define ARRIVED 1

static inline void fence() {
#if defined(__NV_CL_C_VERSION) || defined(__NVPTX__)
    asm volatile("membar.gl;" : : : "memory");
#else
    mem_fence(CLK_GLOBAL_MEM_FENCE);
#endif
}

static inline void publish(__global float *p, float value) {
    atomic_xchg((volatile __global int *)p, as_int(value));
}

static inline void publish_stats(__global float *stats, long groups, long group, group_stats s, float variance) {
    publish(stats + MEAN * groups + group, s.mean);
    publish(stats + DELTA * groups + group, s.delta);
    publish(stats + RSTD * groups + group, s.rstd);
    publish(stats + SCALE * groups + group, s.scale);
    publish(stats + VARIANCE * groups + group, variance);
}

FIXED_WORK_GROUP
__kernel void clear_tickets(__global float *tickets, long groups) {
    const long i = get_global_id(0);
    if (i <= 2 * groups) {
        ((__global int *)tickets)[i] = 0;
    }
}

INLINED long draw(volatile __global int *tickets, __local int *drawn) {
    if (get_local_id(0) == 0) {
        *drawn = atomic_inc(tickets + NEXT);
    }
    barrier(MEETING);
    return *drawn;
}

// Says that a slice of a channel has been published by work-item 0; whether it was the last one.
INLINED int arrive(volatile __global int *tickets, long group, long slices, int published, __local int *last) {
    if (get_local_id(0) == 0) {
        *last = 0;
        if (published) {
            fence();
            *last = atomic_inc(tickets + ARRIVED + group) == slices - 1;
            fence();
        }
    }
    barrier(MEETING);
    return *last;
}

// Work-item 0 says that a channel is merged, after it published the result.
static inline void tell(volatile __global int *tickets, long groups, long group) {
    fence();
    atomic_xchg(tickets + ARRIVED + groups + group, 1);
}

INLINED void await(volatile __global int *tickets, long groups, long group, int wanted) {
    if (get_local_id(0) == 0 && wanted) {
        while (atomic_or(tickets + ARRIVED + groups + group, 0) == 0) {
        }
        fence();
    }
    barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
}

// partials: [groups][chunks] of float4.
FIXED_WORK_GROUP
__kernel void forward(__global const element *restrict x, __global const element *restrict residual,
                      __global element *restrict y,
                      __global const parameter *restrict weight, __global const parameter *restrict bias,
                      __global float *stats, __global float *partials, __global float *tickets, long groups,
                      long planes, long span, long row_groups, long chunk_planes, long chunk_span, long span_chunks,
                      long chunks, long lag, float eps, int zero_rstd) {
    __local slot slots[SLOTS];
    __local int answer, drawn, last;
    volatile __global int *counters = (volatile __global int *)tickets;
    const cut c = cut_of(groups, planes, span, chunk_planes, chunk_span, span_chunks, chunks);
    const long ticket = draw(counters, &drawn);
    const long group = ticket / chunks;
    const region r = slice_region(group, ticket % chunks, c);
    raw_pack none[BLOCK];
    moments m;
    region_moments(&m, x, none, r, size_of(r), eps, slots, &answer);
    if (r.planes > 0 && item() == 0) {
        __global float *own = partials + 4 * ticket;
        publish(own, m.mean);
        publish(own + 1, m.delta);
        publish(own + 2, m.variance);
        publish(own + 3, m.scale);
    }
    if (arrive(counters, group, chunks, r.planes > 0, &last)) {
        merge_slices(&m, (__global const float4 *)partials + group * chunks, c, chunks, eps, slots, &answer);
        if (item() == 0) {
            publish_stats(stats, groups, group, finished(m, eps, zero_rstd), m.variance);
            tell(counters, groups, group);
        }
    }
    const long before = ticket - lag;
    const long done = max(before, 0L) / chunks;
    await(counters, groups, done, before >= 0);
    if (before >= 0) {
        group_stats s;
        s.mean = current(stats + MEAN * groups + done);
        s.delta = current(stats + DELTA * groups + done);
        s.rstd = current(stats + RSTD * groups + done);
        s.scale = current(stats + SCALE * groups + done);
        normalize(x, none, residual, y, weight, bias, slice_region(done, before % chunks, c), s, done);
    }
}

// partials from `totals` on: the parameters' sums, [2][groups]; from `raw` on: the slices' sums, [groups][chunks][2].
FIXED_WORK_GROUP
__kernel void backward(__global const element *restrict x, __global const element *restrict dy,
                       __global const element *restrict dsum, __global element *restrict dx,
                       __global const parameter *restrict weight, __global const parameter *restrict bias,
                       __global const float *restrict stats, __global float *partials, __global float *tickets,
                       long groups, long planes, long span, long row_groups, long chunk_planes, long chunk_span,
                       long span_chunks, long chunks, long lag, long raw, long totals) {
    __local slot slots[SLOTS];
    __local int drawn, last;
    volatile __global int *counters = (volatile __global int *)tickets;
    const cut c = cut_of(groups, planes, span, chunk_planes, chunk_span, span_chunks, chunks);
    const long ticket = draw(counters, &drawn);
    const long group = ticket / chunks;
    const region r = slice_region(group, ticket % chunks, c);
    const long own = min(group, groups - 1);
    tally t = products(empty_tally(), x, dy, r, first_place(r), load_stats(stats, groups, own), weight, bias, own);
    team_total(&t, slots, ITEMS, SUMS);
    if (r.planes > 0 && item() == 0) {
        publish(partials + raw + 2 * ticket, t.first);
        publish(partials + raw + 2 * ticket + 1, t.second);
    }
    if (arrive(counters, group, chunks, r.planes > 0, &last)) {
        t = empty_tally();
        for (long k = group * chunks + item(); k < (group + 1) * chunks; k += ITEMS) {
            t = add_first(t, current(partials + raw + 2 * k));
            t = add_second(t, current(partials + raw + 2 * k + 1));
        }
        team_total(&t, slots, ITEMS, SUMS);
        if (item() == 0) {
            publish(partials + totals + group, t.first);
            publish(partials + totals + groups + group, t.second);
            tell(counters, groups, group);
        }
    }
    const long before = ticket - lag;
    const long done = max(before, 0L) / chunks;
    await(counters, groups, done, before >= 0);
    if (before >= 0) {
        const float w = weight_at(weight, done);
        const float count = (float)(planes * span);
        const float mean_gx = w * current(partials + totals + done) / count;
        const float mean_g = CENTERED ? w * current(partials + totals + groups + done) / count : 0.0f;
        gradient_of(x, dy, dsum, dx, weight, bias, slice_region(done, before % chunks, c),
                    load_stats(stats, groups, done), done, mean_g, mean_gx);
    }
}
