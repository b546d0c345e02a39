package org.clnorm.site;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;

/** A page of Markdown: its tree, its headings with the anchors that they have on GitHub, and where it points to. */
final class Markdown {
    static final List<Extension> EXTENSIONS = List.of(TablesExtension.create());
    private static final Parser PARSER = Parser.builder().extensions(EXTENSIONS).build();

    private final Path file;
    private final Node tree;
    private final List<Heading> headings = new ArrayList<>();
    private final Map<Heading, String> anchors = new HashMap<>();

    private Markdown(Path file, Node tree) {
        this.file = file;
        this.tree = tree;
        Map<String, Integer> seen = new HashMap<>();
        tree.accept(new AbstractVisitor() {
            @Override
            public void visit(Heading heading) {
                headings.add(heading);
                String anchor = anchor(text(heading));
                int before = seen.merge(anchor, 1, Integer::sum) - 1;
                anchors.put(heading, before == 0 ? anchor : anchor + "-" + before);
            }
        });
    }

    static Markdown read(Path file) throws IOException {
        return new Markdown(file, PARSER.parse(Files.readString(file)));
    }

    /** The anchor that GitHub gives to a heading. */
    static String anchor(String heading) {
        return heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{M}\\p{N}_ -]", "").replace(' ', '-');
    }

    static String text(Node node) {
        StringBuilder text = new StringBuilder();
        node.accept(new AbstractVisitor() {
            @Override
            public void visit(Text part) {
                text.append(part.getLiteral());
            }

            @Override
            public void visit(Code part) {
                text.append(part.getLiteral());
            }
        });
        return text.toString();
    }

    Path file() {
        return file;
    }

    Node tree() {
        return tree;
    }

    String title() {
        return headings.isEmpty() ? file.toString() : text(headings.get(0));
    }

    List<Heading> headings() {
        return headings;
    }

    String anchor(Heading heading) {
        return anchors.get(heading);
    }

    boolean hasAnchor(String anchor) {
        return anchors.containsValue(anchor);
    }

    /** Where its links and pictures lead, as written. */
    List<String> destinations() {
        List<String> destinations = new ArrayList<>();
        tree.accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                destinations.add(link.getDestination());
                visitChildren(link);
            }

            @Override
            public void visit(Image image) {
                destinations.add(image.getDestination());
            }
        });
        return destinations;
    }
}
