package org.clnorm.state;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Text from a file that nobody vouches for, made fit for a message of one line. */
final class Text {
    private static final int QUOTED = 80;
    private static final int LINE = 240;

    private Text() {
    }

    /** The text in quotes, shortened, on one line. */
    static String quote(String text) {
        return "'" + escape(text, QUOTED) + "'";
    }

    /** The text, shortened, on one line. */
    static String line(String text) {
        return escape(text, LINE);
    }

    /** Escapes everything that could break or forge a line of a log. */
    private static String escape(String text, int most) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < Math.min(text.length(), most); i++) {
            char c = text.charAt(i);
            boolean plain = switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR -> false;
                default -> true;
            };
            line.append(plain ? String.valueOf(c) : String.format("\\u%04x", (int) c));
        }
        return line.append(text.length() > most ? "…" : "").toString();
    }

    /** Whether the text can be written as UTF-8, which half of a surrogate pair cannot. */
    static boolean wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            // a pair is one code point, of another type than its halves
            int point = text.codePointAt(i);
            if (Character.getType(point) == Character.SURROGATE) {
                return false;
            }
            i += Character.charCount(point) - 1;
        }
        return true;
    }

    /** What an exception of the file system says, without the file's name, which the message has already. */
    static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "no such file";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        String reason = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
        return reason == null ? e.getClass().getSimpleName() : reason;
    }
}
