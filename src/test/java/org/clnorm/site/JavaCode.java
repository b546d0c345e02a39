package org.clnorm.site;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Java as HTML: comments, strings and words of the language in elements of their own. */
final class JavaCode {
    private static final Pattern TOKEN = Pattern.compile("(?<comment>//[^\\n]*|/\\*.*?\\*/)"
            + "|(?<string>\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\""
            + "|'(?:\\\\.|[^'\\\\\\n])+')"
            + "|\\b(?<word>abstract|assert|boolean|break|byte|case|catch|char|class|continue|default|do|double|else"
            + "|enum|extends|false|final|finally|float|for|if|implements|import|instanceof|int|interface|long|new|null"
            + "|package|private|protected|public|record|return|short|static|super|switch|synchronized|this|throw|throws"
            + "|true|try|var|void|volatile|while)\\b", Pattern.DOTALL);

    private JavaCode() { }

    static String html(String code) {
        StringBuilder html = new StringBuilder();
        int from = 0;
        Matcher token = TOKEN.matcher(code);
        while (token.find()) {
            html.append(escape(code.substring(from, token.start())))
                    .append("<span class=\"" + kind(token) + "\">").append(escape(token.group())).append("</span>");
            from = token.end();
        }
        return html.append(escape(code.substring(from))).toString();
    }

    private static String kind(Matcher token) {
        if (token.group("comment") != null) {
            return "comment";
        }
        return token.group("string") != null ? "string" : "word";
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
