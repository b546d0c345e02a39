package org.clnorm.site;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

/** The project that docs/start.md has its reader make depends on what this one is. */
class StartPageTest {
    private final XPath path = XPathFactory.newInstance().newXPath();

    @Test
    void theProjectOfTheReaderDependsOnThisOne() throws Exception {
        String text = Files.readString(Path.of("docs/start.md"));
        int begin = text.indexOf("```xml\n") + 7;
        Document theirs = parse(text.substring(begin, text.indexOf("```", begin)));
        Document ours = parse(Files.readString(Path.of("pom.xml")));
        for (String name : new String[] {"groupId", "artifactId", "version"}) {
            assertEquals(path.evaluate("/project/" + name, ours),
                    path.evaluate("/project/dependencies/dependency[1]/" + name, theirs), name);
        }
        assertEquals(path.evaluate("/project/properties/slf4j.version", ours),
                path.evaluate("//dependency[artifactId='slf4j-simple']/version", theirs));
        assertTrue(Files.readString(Path.of("README.md"))
                .contains("<version>" + path.evaluate("/project/version", ours) + "</version>"));
    }

    private static Document parse(String xml) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new ByteArrayInputStream(xml.strip().getBytes(StandardCharsets.UTF_8)));
    }
}
