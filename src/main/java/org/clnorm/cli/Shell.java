package org.clnorm.cli;

/** Words for a shell. */
final class Shell {
    private Shell() {
    }

    /** A word that the shell takes as it is. */
    static String quoted(String word) {
        return word.matches("[A-Za-z0-9:._/=,+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
