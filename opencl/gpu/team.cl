// How a work-group is shared: teams of work-items, a group or a row to each.

// Work-items of a team, and teams to a work-group: powers of two.
#ifndef ITEMS
#define ITEMS 128
#endif
#ifndef TEAMS
#define TEAMS 1
#endif
#define WORK_GROUP (ITEMS * TEAMS)

#include "gpu/affine.cl"

static inline int item() {
    return get_local_id(0) & (ITEMS - 1);
}

static inline int team() {
    return get_local_id(0) / ITEMS;
}

// Whether any team says yes that this one may have to wait for. All work-items of a team say the same.
INLINED int any_team(int yes, __local int *answer) {
#if TEAMS == 1
    return yes;
#elif SHUFFLES && ITEMS <= WARP
    return any_of_warp(yes);
#else
    return any_item(yes, answer);
#endif
}
