package org.clnorm.soak;

/**
 * Something that must not be.
 *
 * @param job  what was done, as {@code --again} takes it
 * @param what what was wrong
 */
record Failure(String job, String what) {
    @Override
    public String toString() {
        return "scripts/soak --again '" + job + "'  # " + what.replaceAll("\\s*\\R\\s*", " ");
    }
}
