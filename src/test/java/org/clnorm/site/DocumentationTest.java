package org.clnorm.site;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pages lead to one another as they say, all can be found, and the site that is made of them holds together. */
class DocumentationTest {
    private static final Pattern LINE_OF_PICTURE =
            Pattern.compile("(?m)^\\| \\[[^]]+]\\((images/[^)]+)\\) \\| `(scripts/[^ `]+)");
    private static final Pattern SCRIPT = Pattern.compile("\\bscripts/([a-z][a-z0-9-]*(?:\\.txt)?)");
    private static final Pattern COMMAND = Pattern.compile("\\b(?:scripts/|clnorm )[a-z][^\\n`|#]*");
    private static final Pattern OPTION = Pattern.compile(" (--[a-z][a-z-]*)");
    private static final Pattern IN_SITE = Pattern.compile("(?:href|src)=\"([^\"]*)\"");

    private final Contents contents = new Contents();

    DocumentationTest() throws IOException { }

    @Test
    void linksAndAnchorsLeadSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        for (Markdown page : contents.pages().values()) {
            for (String destination : page.destinations()) {
                Target target = Target.of(page.file(), destination);
                if (target != null && !exists(target)) {
                    broken.add(page.file() + " → " + destination);
                }
            }
        }
        assertEquals(List.of(), broken);
    }

    private boolean exists(Target target) throws IOException {
        Markdown page = contents.pages().get(target.file());
        return Files.exists(target.file())
                && (target.anchor().isEmpty() || page != null && page.hasAnchor(target.anchor()));
    }

    @Test
    void everyPageOfDocsIsInTheContents() throws IOException {
        List<Path> order = contents.order();
        assertEquals(order.size(), new HashSet<>(order).size(), "a page is listed twice: " + order);
        try (Stream<Path> docs = Files.list(Path.of("docs"))) {
            assertEquals(List.of(), docs.filter(page -> page.toString().endsWith(".md"))
                    .filter(page -> !page.equals(Contents.CONTENTS) && !order.contains(page)).toList(),
                    "add them to docs/README.md where a reader should meet them");
        }
        Markdown decisions = contents.pages().get(Path.of("docs/decisions/README.md"));
        for (Path page : contents.pages().keySet()) {
            assertTrue(!page.startsWith("docs/decisions") || page.equals(decisions.file())
                    || decisions.destinations().contains(page.getFileName().toString()), page + " is not in the list");
        }
    }

    @Test
    void everyPageEndsWithALinkToTheNext() throws IOException {
        for (Path page : contents.order()) {
            Path next = contents.next(page);
            if (next != null) {
                String link = Path.of(".").resolve(page).getParent().normalize().relativize(next).toString();
                String end = "\n\nNext: [" + contents.pages().get(next).title() + "](" + link + ")\n";
                String text = Files.readString(page);
                assertTrue(text.endsWith(end), page + " does not end in" + end);
            }
        }
    }

    @Test
    void everyPictureIsMadeByAScript() throws IOException {
        List<Path> made = new ArrayList<>();
        Matcher line = LINE_OF_PICTURE.matcher(Files.readString(Contents.CONTENTS));
        while (line.find()) {
            made.add(Path.of("docs").resolve(line.group(1)));
            assertTrue(Files.isExecutable(Path.of(line.group(2))), line.group());
        }
        try (Stream<Path> pictures = Files.list(Path.of("docs/images"))) {
            assertEquals(List.of(), pictures.filter(picture -> !made.contains(picture)).toList(),
                    "say in docs/README.md which script makes them");
        }
    }

    @Test
    void scriptsThatAreNamedExist() throws IOException {
        for (Path page : contents.pages().keySet()) {
            Matcher script = SCRIPT.matcher(Files.readString(page));
            while (script.find()) {
                assertTrue(Files.exists(Path.of("scripts", script.group(1))), page + " names " + script.group());
            }
        }
    }

    @Test
    void optionsThatAreNamedExist() throws IOException {
        StringBuilder known = new StringBuilder();
        for (String folder : new String[] {"scripts", "src/main/java/org/clnorm/cli", "src/example", "src/test"}) {
            try (Stream<Path> files = Files.walk(Path.of(folder))) {
                for (Path file : files.filter(Files::isRegularFile).filter(DocumentationTest::isText).toList()) {
                    known.append(Files.readString(file));
                }
            }
        }
        for (Path page : contents.pages().keySet()) {
            Matcher command = COMMAND.matcher(Files.readString(page));
            while (command.find()) {
                Matcher option = OPTION.matcher(command.group());
                while (option.find()) {
                    assertTrue(known.indexOf(option.group(1)) >= 0, page + " names " + command.group());
                }
            }
        }
    }

    private static boolean isText(Path file) {
        return file.toString().endsWith(".java") || file.startsWith("scripts");
    }

    @Test
    void theSiteHoldsTogether(@TempDir Path folder) throws IOException {
        assertEquals(contents.pages().size(), Site.write(folder));
        List<Path> pages;
        try (Stream<Path> files = Files.walk(folder)) {
            pages = files.filter(file -> file.toString().endsWith(".html")).toList();
        }
        for (Path page : pages) {
            String html = Files.readString(page);
            Matcher link = IN_SITE.matcher(html);
            while (link.find()) {
                assertTrue(leadsSomewhere(folder, page, link.group(1)), page + " → " + link.group(1));
            }
            assertFalse(html.contains("src=\"http") || html.contains("stylesheet\" href=\"http"), page.toString());
        }
    }

    private static boolean leadsSomewhere(Path folder, Path page, String destination) throws IOException {
        Target target = Target.of(page, destination);
        // the javadoc is made beside the pages
        if (target == null || target.file().startsWith(folder.resolve("api"))) {
            return true;
        }
        Path file = destination.startsWith("#") ? page : target.file();
        return Files.isRegularFile(file) && (target.anchor().isEmpty() || destination.equals("#")
                || Files.readString(file).contains("id=\"" + target.anchor() + "\""));
    }
}
