package org.clnorm.site;

import java.nio.file.Path;
import org.commonmark.node.Heading;

/** What stands around every page: the contents in their order, and the pages before and after. */
final class Frame {
    private final Contents contents;
    private final Path file;
    private final Path address;

    /** Around the page that is made of {@code file}: Markdown or a source. */
    Frame(Contents contents, Path file) {
        this.contents = contents;
        this.file = file;
        this.address = contents.pages().containsKey(file) ? Site.address(file)
                : file.resolveSibling(file.getFileName() + ".html");
    }

    /** From one page of the site to another. */
    static String relative(Path from, Path to) {
        if (from.equals(to)) {
            return "";
        }
        Path folder = from.getParent();
        return (folder == null ? to : folder.relativize(to)).toString().replace('\\', '/');
    }

    /** The whole page; {@code page} names the headings, and is null for sources. */
    String around(String title, String body, Markdown page) {
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <title>%s</title>
                <link rel="icon" href="data:,">
                <link rel="stylesheet" href="%s">
                </head>
                <body>
                <input type="checkbox" id="menu" aria-label="Show the contents">
                <header><a class="name" href="%s">CLNorm</a><label for="menu">Contents</label></header>
                <nav aria-label="Contents">
                %s</nav>
                <main>
                %s%s</main>
                </body>
                </html>
                """.formatted(title(title), relative(address, Path.of("site.css")), link(Contents.FRONT),
                navigation(page), body, turning());
    }

    private static String title(String title) {
        return JavaCode.escape(title.equals("CLNorm") ? title : title + " · CLNorm");
    }

    private String link(Path markdown) {
        Path to = Site.address(markdown);
        return to.equals(address) ? "#" : relative(address, to);
    }

    private String navigation(Markdown page) {
        StringBuilder html = new StringBuilder("<a class=\"name\" href=\"" + link(Contents.FRONT) + "\">CLNorm</a>\n");
        if (file.equals(Contents.FRONT)) {
            html.append(headings(page));
        }
        for (Contents.Section section : contents.sections()) {
            html.append("<h2>").append(JavaCode.escape(section.title())).append("</h2>\n<ul>\n");
            for (Path each : section.pages()) {
                html.append("<li>").append(entry(each)).append(each.equals(file) ? headings(page) : "")
                        .append("</li>\n");
            }
            html.append("</ul>\n");
        }
        return html.append("<h2>Reference</h2>\n<ul>\n<li><a href=\"")
                .append(relative(address, Path.of("api/index.html"))).append("\">Classes (javadoc)</a></li>\n<li>")
                .append(entry(Path.of("CHANGELOG.md"))).append("</li>\n<li>").append(entry(Path.of("CONTRIBUTING.md")))
                .append("</li>\n</ul>\n").toString();
    }

    private String entry(Path markdown) {
        String here = markdown.equals(file) ? " class=\"here\" aria-current=\"page\"" : "";
        return "<a" + here + " href=\"" + link(markdown) + "\">"
                + JavaCode.escape(contents.pages().get(markdown).title()) + "</a>";
    }

    private static String headings(Markdown page) {
        StringBuilder html = new StringBuilder("\n<ul class=\"headings\">\n");
        for (Heading heading : page.headings()) {
            if (heading.getLevel() == 2) {
                html.append("<li><a href=\"#").append(page.anchor(heading)).append("\">")
                        .append(JavaCode.escape(Markdown.text(heading))).append("</a></li>\n");
            }
        }
        return html.append("</ul>\n").toString();
    }

    /** Back to the page before; the way on stands at the end of each page itself. */
    private String turning() {
        Path before = contents.previous(file);
        return before == null ? "" : "<p class=\"before\">Before: " + entry(before) + "</p>\n";
    }
}
