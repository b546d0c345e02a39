package org.clnorm.state;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads the header of a {@code .npy} file: a literal of Python such as
 * {@code {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }}, and of Python's syntax no more than NumPy writes
 * there.
 */
final class NpyHeaderParser {
    private static final Set<String> KEYS = Set.of("descr", "fortran_order", "shape");

    private final String file;
    private final String text;
    private int at;
    private NpyType type;
    private boolean fortranOrder;
    private long[] shape;

    private NpyHeaderParser(String file, String text) {
        this.file = file;
        this.text = text;
    }

    static NpyHeader parse(String file, byte[] bytes, boolean utf8) {
        return new NpyHeaderParser(file, decode(file, bytes, utf8)).header();
    }

    private static String decode(String file, byte[] bytes, boolean utf8) {
        try {
            return (utf8 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1).newDecoder()
                    .decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new CheckpointException(file, "header: not valid UTF-8", e);
        }
    }

    private NpyHeader header() {
        Set<String> seen = new HashSet<>();
        expect('{');
        while (!took('}')) {
            String key = string();
            if (!KEYS.contains(key) || !seen.add(key)) {
                throw fault("expected 'descr', 'fortran_order' and 'shape', once each, got " + Text.quote(key));
            }
            expect(':');
            value(key);
            if (!took(',')) {
                expect('}');
                break;
            }
        }
        skipSpace();
        if (at < text.length()) {
            throw fault("it goes on after '}'");
        }
        if (seen.size() < KEYS.size()) {
            throw fault("expected 'descr', 'fortran_order' and 'shape', got " + seen.stream().sorted().toList());
        }
        return new NpyHeader(type.element(), type.bigEndian(), fortranOrder, shape);
    }

    private void value(String key) {
        switch (key) {
            case "descr" -> type = type();
            case "fortran_order" -> fortranOrder = truth();
            default -> shape = shape();
        }
    }

    private NpyType type() {
        skipSpace();
        if (at < text.length() && text.charAt(at) == '[') {
            throw fault("structured arrays are not supported, expected one type of numbers");
        }
        return NpyType.parse(file, string());
    }

    private boolean truth() {
        skipSpace();
        for (String word : new String[] {"True", "False"}) {
            if (text.startsWith(word, at)) {
                at += word.length();
                return word.equals("True");
            }
        }
        throw fault("expected True or False for 'fortran_order', got " + Text.quote(text.substring(at)));
    }

    private long[] shape() {
        List<Long> sizes = new ArrayList<>();
        expect('(');
        while (!took(')')) {
            sizes.add(size());
            if (!took(',')) {
                expect(')');
                if (sizes.size() == 1) {
                    throw fault("expected a tuple for 'shape', got a number in brackets");
                }
                break;
            }
        }
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    private long size() {
        skipSpace();
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        String digits = text.substring(start, at);
        if (at < text.length() && text.charAt(at) == 'L') { // Python 2 wrote its long numbers so
            at++;
        }
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw fault("expected sizes from 0 to 2^63 - 1 in 'shape', got " + Text.quote(text.substring(start)));
        }
    }

    /** Names and types have neither quotes nor backslashes in them. */
    private String string() {
        skipSpace();
        char quote = at < text.length() ? text.charAt(at) : 0;
        int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
        if (end < 0) {
            throw fault("expected a text in quotes, got " + Text.quote(text.substring(at)));
        }
        String string = text.substring(at + 1, end);
        at = end + 1;
        return string;
    }

    private void expect(char c) {
        if (!took(c)) {
            throw fault("expected '" + c + "', got " + Text.quote(text.substring(at)));
        }
    }

    private boolean took(char c) {
        skipSpace();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private CheckpointException fault(String fault) {
        return new CheckpointException(file, "header: " + fault);
    }
}
