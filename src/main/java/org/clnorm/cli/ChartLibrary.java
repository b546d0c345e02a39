package org.clnorm.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** Chart.js, from the jar that carries it, as text to put into a page; its licence goes with it. */
final class ChartLibrary {
    private static final String ABOUT = "/META-INF/maven/org.webjars.npm/chart.js/pom.properties";
    private static final String FOLDER = "/META-INF/resources/webjars/chart.js/";

    private ChartLibrary() {
    }

    static String script() throws IOException {
        Properties about = new Properties();
        try (InputStream in = open(ABOUT)) {
            about.load(in);
        }
        String folder = FOLDER + about.getProperty("version") + '/';
        // the map it names at its end is not there, and a page that asks for nothing does not ask for that either
        String code = read(folder + "dist/chart.umd.min.js").replaceAll("(?m)^//# sourceMappingURL=.*$", "");
        return "/*\n" + read(folder + "LICENSE.md").strip() + "\n*/\n" + code.strip();
    }

    private static String read(String path) throws IOException {
        try (InputStream in = open(path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static InputStream open(String path) throws IOException {
        InputStream in = ChartLibrary.class.getResourceAsStream(path);
        if (in == null) {
            throw new IOException("a page needs Chart.js (org.webjars.npm:chart.js) on the class path, which lacks "
                    + path);
        }
        return in;
    }
}
