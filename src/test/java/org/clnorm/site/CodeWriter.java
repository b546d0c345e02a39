package org.clnorm.site;

import java.util.Set;
import org.commonmark.node.Code;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.Node;
import org.commonmark.renderer.NodeRenderer;
import org.commonmark.renderer.html.HtmlNodeRendererContext;

/** Code as HTML: blocks of Java in colours; in a line of text what is short stays whole, and what is long may break. */
final class CodeWriter implements NodeRenderer {
    /** Characters that fit any screen. */
    private static final int SHORT = 24;

    private final HtmlNodeRendererContext context;

    CodeWriter(HtmlNodeRendererContext context) {
        this.context = context;
    }

    @Override
    public Set<Class<? extends Node>> getNodeTypes() {
        return Set.of(Code.class, FencedCodeBlock.class);
    }

    @Override
    public void render(Node node) {
        if (node instanceof FencedCodeBlock block) {
            boolean java = "java".equals(block.getInfo());
            String code = java ? JavaCode.html(block.getLiteral()) : JavaCode.escape(block.getLiteral());
            context.getWriter().line();
            context.getWriter().raw("<pre><code>" + code + "</code></pre>");
            context.getWriter().line();
        } else {
            context.getWriter().raw(inLine(((Code) node).getLiteral()));
        }
    }

    private static String inLine(String literal) {
        String code = JavaCode.escape(literal);
        return literal.length() <= SHORT ? "<code class=\"whole\">" + code + "</code>"
                : "<code>" + code.replaceAll("(?<=[,=./])(?=[A-Za-z])", "<wbr>") + "</code>";
    }
}
