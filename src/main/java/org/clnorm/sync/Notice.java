package org.clnorm.sync;

/**
 * What a rank tells the others where a call takes long or fails.
 *
 * @param call   the number of the call that it is at
 * @param length how many values it brought
 */
record Notice(long call, int length) {
    /** Of a rank that has not said anything. */
    static final Notice NONE = new Notice(-1, 0);
}
