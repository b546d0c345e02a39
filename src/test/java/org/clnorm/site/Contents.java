package org.clnorm.site;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Link;
import org.commonmark.node.ListItem;
import org.commonmark.node.Node;

/** The pages of the repository, and the order in which docs/README.md says to read them. */
final class Contents {
    static final Path FRONT = Path.of("README.md");
    static final Path CONTENTS = Path.of("docs/README.md");

    /** A part of the contents: its heading, and the pages that its list begins each line with. */
    record Section(String title, List<Path> pages) { }

    private final Map<Path, Markdown> pages = new TreeMap<>();
    private final List<Section> sections = new ArrayList<>();

    Contents() throws IOException {
        for (Path file : files()) {
            pages.put(file, Markdown.read(file));
        }
        for (Node node = pages.get(CONTENTS).tree().getFirstChild(); node != null; node = node.getNext()) {
            if (node instanceof Heading heading && heading.getLevel() == 2) {
                sections.add(new Section(Markdown.text(heading), new ArrayList<>()));
            } else if (!sections.isEmpty()) {
                firstLinks(node, sections.get(sections.size() - 1).pages());
            }
        }
        sections.removeIf(section -> section.pages().isEmpty());
    }

    private static List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        for (String folder : new String[] {"", "docs", "docs/decisions", "opencl"}) {
            try (Stream<Path> list = Files.list(Path.of(folder))) {
                list.filter(file -> file.toString().endsWith(".md")).forEach(files::add);
            }
        }
        return files;
    }

    private static void firstLinks(Node list, List<Path> into) {
        list.accept(new AbstractVisitor() {
            @Override
            public void visit(ListItem item) {
                if (item.getFirstChild() != null && item.getFirstChild().getFirstChild() instanceof Link link) {
                    into.add(Target.of(CONTENTS, link.getDestination()).file());
                }
            }
        });
    }

    Map<Path, Markdown> pages() {
        return pages;
    }

    List<Section> sections() {
        return sections;
    }

    /** Every page of the contents, in the order of reading. */
    List<Path> order() {
        return sections.stream().flatMap(section -> section.pages().stream()).toList();
    }

    /** The page after this one, or null after the last and for pages that are not in the contents. */
    Path next(Path page) {
        int place = order().indexOf(page);
        return place < 0 || place + 1 == order().size() ? null : order().get(place + 1);
    }

    /** The page before this one, or null. */
    Path previous(Path page) {
        int place = order().indexOf(page);
        return place < 1 ? null : order().get(place - 1);
    }
}
