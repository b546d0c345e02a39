package org.clnorm.cli;

import java.util.Locale;

/** Writes a picture as SVG. */
final class Svg {
    private final StringBuilder text = new StringBuilder();

    static String escaped(String words) {
        return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    /** A number with as few digits as a picture needs. */
    static String number(double value) {
        String digits = String.format(Locale.ROOT, "%.1f", value);
        return digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits;
    }

    /** An element without content; attributes are names and values in turn, numbers or text. */
    Svg element(String name, Object... attributes) {
        open(name, attributes);
        text.insert(text.length() - 1, '/');
        text.append('\n');
        return this;
    }

    /** An element with text in it. */
    Svg words(String name, String words, Object... attributes) {
        open(name, attributes);
        text.append(escaped(words)).append("</").append(name).append(">\n");
        return this;
    }

    /** Begins an element. */
    Svg open(String name, Object... attributes) {
        text.append('<').append(name);
        for (int i = 0; i < attributes.length; i += 2) {
            Object value = attributes[i + 1];
            text.append(' ').append(attributes[i]).append("=\"")
                    .append(value instanceof Double real ? number(real) : escaped(value.toString())).append('"');
        }
        text.append('>');
        return this;
    }

    /** Ends an element. */
    Svg close(String name) {
        text.append("</").append(name).append(">\n");
        return this;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
