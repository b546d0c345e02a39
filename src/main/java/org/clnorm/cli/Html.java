package org.clnorm.cli;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Pieces of HTML that are well-formed XML as well. */
final class Html {
    private Html() {
    }

    /** Text as it stands between tags or in an attribute. */
    static String text(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    /** JSON as it stands in a script element, which ends at the first {@code </script} whatever surrounds it. */
    static String json(String json) {
        return json.replace("<", "\\u003c");
    }

    /** An element with content that is HTML already. */
    static String element(String name, String content) {
        return "<" + name + ">" + content + "</" + name + ">";
    }

    /** An element with a class, and content that is HTML already. */
    static String element(String name, String style, String content) {
        return "<" + name + " class=\"" + style + "\">" + content + "</" + name + ">";
    }

    /** A row of a table; the first cell is its heading. */
    static String row(String heading, Stream<String> cells) {
        return "<tr><th scope=\"row\">" + text(heading) + "</th>"
                + cells.map(cell -> element("td", text(cell))).collect(Collectors.joining()) + "</tr>\n";
    }

    /** A table with a class, which a narrow screen can push aside. */
    static String table(String style, String head, String rows) {
        return element("div", "wide", element("table", style, "\n<thead>\n" + head + "</thead>\n<tbody>\n" + rows
                + "</tbody>\n")) + "\n";
    }

    /** The heading of a column. */
    static String column(String heading) {
        return "<th scope=\"col\">" + text(heading) + "</th>";
    }
}
