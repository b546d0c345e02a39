package org.clnorm.site;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The pages of the repository as HTML that needs nothing from elsewhere: {@code Site FOLDER}, started by
 * {@code scripts/site}. Markdown becomes pages, pictures are copied, and sources that a page links to are shown.
 */
final class Site {
    private final Contents contents = new Contents();
    private final Path folder;
    /** By their path in the site, what the links of pages lead to besides pages. */
    private final Map<Path, Path> linked = new TreeMap<>();

    private Site(Path folder) throws IOException {
        this.folder = folder;
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 1) {
            System.err.println("site: expected the folder to write to, got " + arguments.length + " arguments");
            System.exit(2);
        }
        System.out.println(write(Path.of(arguments[0])) + " pages");
    }

    /** Writes the site and says how many pages it has. */
    static int write(Path folder) throws IOException {
        Site site = new Site(folder);
        for (Markdown page : site.contents.pages().values()) {
            site.put(address(page.file()), new PageWriter(site.contents, page, site::link).html());
        }
        for (Map.Entry<Path, Path> entry : site.linked.entrySet()) {
            site.copy(entry.getValue(), entry.getKey());
        }
        try (InputStream style = Site.class.getResourceAsStream("site.css")) {
            Files.write(folder.resolve("site.css"), style.readAllBytes());
        }
        return site.contents.pages().size();
    }

    /** Where a page lies in the site: a README is the index of its folder. */
    static Path address(Path markdown) {
        String name = markdown.getFileName().toString().replaceAll("\\.md$", "");
        return markdown.resolveSibling((name.equals("README") ? "index" : name) + ".html");
    }

    /** Where a link of a page leads in the site. */
    private Path link(Target target) {
        Path file = target.file();
        if (Files.isDirectory(file)) {
            file = file.resolve("README.md");
        }
        if (contents.pages().containsKey(file)) {
            return address(file);
        }
        boolean picture = file.toString().matches(".*\\.(svg|png)");
        Path address = picture ? file : file.resolveSibling(file.getFileName() + ".html");
        linked.put(address, file);
        return address;
    }

    private void copy(Path file, Path address) throws IOException {
        if (address.equals(file)) {
            Files.createDirectories(folder.resolve(address).getParent());
            Files.write(folder.resolve(address), Files.readAllBytes(file));
        } else {
            put(address, PageWriter.source(contents, file, Files.readString(file)));
        }
    }

    private void put(Path address, String html) throws IOException {
        Path file = folder.resolve(address);
        Files.createDirectories(file.getParent());
        Files.writeString(file, html);
    }
}
