// Tiles of x as [sheets][samples][channels][span], where span is short: a sample's channels * span elements are
// columns, and `fused` samples lie in a row, so that rows are long enough for vectors whatever channels and span are. A
// tile holds whole channels, some columns of some rows, of one sheet. What belongs to a column (sums, statistics,
// parameters) is kept in arrays of the work-item's own, an entry a column although columns of a channel share it: no
// element asks for its channel. A group is a channel of a sheet.
#include "cpu/apply.cl"

#ifndef COLUMNS
#define COLUMNS 1024 // the most columns of a tile, as the plan has it; its arrays should stay in the L1 cache
#endif

// What has a parameter of its own: a channel, a column (its index goes on from channel to channel), or a sample, in
// which case none are fused.
#define CHANNEL 0
#define COLUMN 1
#define SAMPLE 2
#ifndef PARAMETER_OF
#define PARAMETER_OF CHANNEL
#endif

typedef struct {
    long rows;              // whole ones
    long rest;              // columns of one more row, fewer than a row has
    long stride;            // elements from row to row
    long origin;            // where the tile begins in x
    long channel, channels; // first channel, and how many
    long group, groups;     // the first channel's group, and how many there are in all
    long count;             // columns
    long span;
    long block;             // which block of samples
    long slot;              // which block, counted through all sheets
    long sample, samples;   // first sample of the sheet, and how many
} tile;

// Work-item `id` has `part` channels of `block` samples; the last part what remains, the last block all that remain.
static inline void cut_tile(tile *t, long id, long sheets, long samples, long channels, long span, long fused,
                            long block, long blocks, long parts, long part) {
    const long p = id % parts;
    t->slot = id / parts;
    const long sheet = t->slot / blocks;
    t->block = t->slot % blocks;
    t->sample = t->block * block;
    t->samples = t->block == blocks - 1 ? samples - t->sample : block;
    t->span = span;
    t->channel = p * part;
    t->channels = p == parts - 1 ? channels - t->channel : part;
    t->group = sheet * channels + t->channel;
    t->groups = sheets * channels;
    t->stride = fused * channels * span;
    t->origin = ((sheet * samples + t->sample) * channels + t->channel) * span;
    t->rows = t->samples / fused;
    t->rest = t->samples % fused * channels * span;
    t->count = fused * t->channels * span;
}

// The tile as one whose channels are what has a parameter of its own; t where that is a sample.
static inline void tile_of_parameters(tile *u, const tile *t) {
    *u = *t;
#if PARAMETER_OF == COLUMN
    u->channel *= t->span;
    u->channels *= t->span;
    u->span = 1;
#endif
}

// Parameters a channel has.
#if PARAMETER_OF == COLUMN
#define EACH(t) ((t)->span)
#else
#define EACH(t) 1
#endif

static inline long row_of(const tile *t, long r) {
    return t->origin + r * t->stride;
}

// Arrays of the work-item's own begin with a cache line: a vector that crosses two costs twice.
#define COLUMN_ARRAYS __attribute__((aligned(64)))

// A vector in such an array.
#define own(p) (((const loose *)(p))->v)
#define put_own(value, p) (((loose *)(p))->v = (value))

static inline void fill(float *values, long count, float value) {
    long i = 0;
    for (; i + WIDTH <= count; i += WIDTH) {
        put_own((vec)(value), values + i);
    }
    for (; i < count; i++) {
        values[i] = value;
    }
}

static inline float sum_of_run(const float *values, long count) {
    vec sum = (vec)(0.0f);
    float rest = 0.0f;
    long i = 0;
    for (; i + WIDTH <= count; i += WIDTH) {
        sum += own(values + i);
    }
    for (; i < count; i++) {
        rest += values[i];
    }
    return count < WIDTH ? rest : sum_of(sum) + rest;
}

// Gives all columns of the tile's channel c a value.
static inline void fill_channel(float *columns, const tile *t, long c, float value) {
    for (long i = c * t->span; i < t->count; i += t->channels * t->span) {
        fill(columns + i, t->span, value);
    }
}

static inline void copy_run(float *to, const float *from, long count) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        put_own(own(from + at), to + at);
    }
}

// Gives columns the values of their channels: those of one sample, then the samples that are fused to it.
static inline void spread(float *columns, const float *values, const tile *t) {
    const long row = t->channels * t->span;
    if (row < WIDTH) {
        for (long c = 0; c < t->channels; c++) {
            fill_channel(columns, t, c, values[c]);
        }
        return;
    }
    if (t->span == 1) {
        copy_run(columns, values, row);
    } else {
        for (long c = 0; c < t->channels; c++) {
            fill(columns + c * t->span, t->span, values[c]);
        }
    }
    for (long i = row; i < t->count; i += row) {
        copy_run(columns + i, columns, row);
    }
}

// Adds up the columns of the tile's channel c.
static inline void add_channel(float_pair *sum, const float *columns, const tile *t, long c) {
    for (long i = c * t->span; i < t->count; i += t->channels * t->span) {
        add_to(sum, sum_of_run(columns + i, t->span));
    }
}

// The sums of columns, which are hi + lo, over the samples that are fused; a sample has WIDTH columns or more.
static inline void fold_samples(float *totals, const float *hi, const float *lo, const tile *t) {
    const long row = t->channels * t->span;
    for (long i = 0; i < row; i += WIDTH) {
        const long at = min(i, row - WIDTH);
        vec_pair sum;
        sum.hi = own(hi + at);
        sum.lo = own(lo + at);
        for (long k = at + row; k < t->count; k += row) {
            vec_pair_add(&sum, own(hi + k));
            vec_pair_add(&sum, own(lo + k));
        }
        put_own(sum.hi + sum.lo, totals + at);
    }
}

// The sums of the channels' columns, each of which is hi + lo.
static inline void fold(float *totals, const float *hi, const float *lo, const tile *t) {
    if (t->channels * t->span >= WIDTH && t->span <= SERIAL_SUMS) {
        if (t->span == 1) {
            fold_samples(totals, hi, lo, t);
            return;
        }
        float columns[COLUMNS] COLUMN_ARRAYS;
        fold_samples(columns, hi, lo, t);
        for (long c = 0; c < t->channels; c++) {
            float_pair sum = pair_of(columns[c * t->span]);
            for (long i = c * t->span + 1; i < (c + 1) * t->span; i++) {
                add_to(&sum, columns[i]);
            }
            totals[c] = pair_value(sum);
        }
        return;
    }
    for (long c = 0; c < t->channels; c++) {
        float_pair sum = {0.0f, 0.0f};
        add_channel(&sum, hi, t, c);
        add_channel(&sum, lo, t, c);
        totals[c] = pair_value(sum);
    }
}

// A sum a column: of the latest rows in `now`, of all others in two floats.
typedef struct {
    float now[COLUMNS], hi[COLUMNS], lo[COLUMNS];
} COLUMN_ARRAYS column_sums;

// As many rows as may be added to `now`, four at a time.
#define SETTLED_ROWS (4 * SERIAL_SUMS)

static inline void start_sums(column_sums *s, long count) {
    fill(s->now, count, 0.0f);
    fill(s->hi, count, 0.0f);
    fill(s->lo, count, 0.0f);
}

static inline void add_now(column_sums *s, long at, vec term) {
    put_own(own(s->now + at) + term, s->now + at);
}

static inline void settle(column_sums *s, long count) {
    for (long i = 0; i < count; i += WIDTH) {
        const long at = min(i, count - WIDTH);
        vec_pair sum;
        sum.hi = own(s->hi + at);
        sum.lo = own(s->lo + at);
        vec_pair_add(&sum, fresh_lanes(own(s->now + at), count - i));
        put_own(sum.hi, s->hi + at);
        put_own(sum.lo, s->lo + at);
    }
    fill(s->now, count, 0.0f);
}

// What belongs to the tile's channel c.
#define channel_stat(stats, t, which, c) (stats)[(which) * (t)->groups + (t)->group + (c)]

// The weight and the bias p of the tile's columns, counted from its first one, and those of its row r, which are 1 and
// 0 where columns have them.
#if PARAMETER_OF == SAMPLE
#define WEIGHT(p) 1.0f
#define BIAS(p) 0.0f
#define ROW_WEIGHT(r) weight_at(weight, t->sample + (r))
#define ROW_BIAS(r) bias_at(bias, t->sample + (r))
#else
#define WEIGHT(p) weight_at(weight, t->channel * EACH(t) + (p))
#define BIAS(p) bias_at(bias, t->channel * EACH(t) + (p))
#define ROW_WEIGHT(r) 1.0f
#define ROW_BIAS(r) 0.0f
#endif

// Whether products with this factor keep their digits.
static inline int ordinary(float factor, float limit) {
    return factor == 0.0f || (fabs(factor) >= 1.0f / limit && fabs(factor) <= limit);
}

// Channels of a tile that want the long formula.
typedef struct {
    int count;
    ushort channel[COLUMNS];
} odd_channels;

static inline void note_channel(odd_channels *odd, long c, int plain) {
    if (!plain) {
        odd->channel[odd->count++] = (ushort)c;
    }
}

// Copies a row that will be overwritten before its odd channels are read.
static inline void keep_row(float *kept, __global const element *row, long columns, const odd_channels *odd) {
    for (long i = 0; i < columns && odd->count > 0; i++) {
        kept[i] = element_at(row + i);
    }
}
