package org.clnorm.engine.cpu;

/** The elements of sequences that are alike, in order: where they lie from a sequence's first element on. */
record BitwiseWalk(int[] offsets, int[] params, int[] groups) {
    static BitwiseWalk of(Walk elements) {
        int n = elements.size();
        BitwiseWalk walk = new BitwiseWalk(new int[n], new int[n], new int[n]);
        for (int e = 0; e < n; e++) {
            Walk.Position at = elements.at(e);
            walk.offsets[e] = at.offset();
            walk.params[e] = at.param();
            walk.groups[e] = at.group();
        }
        return walk;
    }

    int size() {
        return offsets.length;
    }
}
