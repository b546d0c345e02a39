package org.clnorm.site;

import java.nio.file.Path;
import java.util.function.Function;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.renderer.html.HtmlRenderer;

/** One page as HTML: what it says, in a frame with the contents beside it. */
final class PageWriter {
    private final Contents contents;
    private final Markdown page;
    private final Function<Target, Path> link;

    /** The links of the page are looked up by {@code link}, which gives paths in the site. */
    PageWriter(Contents contents, Markdown page, Function<Target, Path> link) {
        this.contents = contents;
        this.page = page;
        this.link = link;
    }

    String html() {
        page.tree().accept(new AbstractVisitor() {
            @Override
            public void visit(Link node) {
                node.setDestination(inSite(node.getDestination()));
                visitChildren(node);
            }

            @Override
            public void visit(Image node) {
                node.setDestination(inSite(node.getDestination()));
            }
        });
        HtmlRenderer renderer = HtmlRenderer.builder().extensions(Markdown.EXTENSIONS)
                .attributeProviderFactory(context -> (node, tag, attributes) -> {
                    if (node instanceof Heading heading) {
                        attributes.put("id", page.anchor(heading));
                    }
                })
                .nodeRendererFactory(CodeWriter::new).build();
        String body = renderer.render(page.tree()).replace("<table>", "<div class=\"table\"><table>")
                .replace("</table>", "</table></div>");
        return new Frame(contents, page.file()).around(page.title(), body, page);
    }

    /** A file that a page links to, to be looked at. */
    static String source(Contents contents, Path file, String text) {
        String code = file.toString().endsWith(".java") ? JavaCode.html(text) : JavaCode.escape(text);
        String body = "<h1 class=\"file\">" + JavaCode.escape(file.toString()) + "</h1>\n<pre><code>" + code
                + "</code></pre>\n";
        return new Frame(contents, file).around(file.getFileName().toString(), body, null);
    }

    private String inSite(String destination) {
        Target target = Target.of(page.file(), destination);
        if (target == null) {
            return destination;
        }
        String anchor = target.anchor().isEmpty() ? "" : "#" + target.anchor();
        return Frame.relative(Site.address(page.file()), link.apply(target)) + anchor;
    }
}
