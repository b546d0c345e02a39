package org.clnorm.state;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Damage to the text of a header, JSON or Python, that knows its tokens: what comes out is still almost a header. */
final class TextDamage {
    private static final Pattern TOKEN = Pattern.compile("\"[^\"]*\"|'[^']*'|\\d+|\\w+|\\S");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Pattern QUOTED = Pattern.compile("\"[^\"]*\"|'[^']*'");
    /** A member of an object whose value is an object without objects. */
    private static final Pattern MEMBER = Pattern.compile("\"[^\"]*\":\\{[^{}]*\\}");
    private static final List<String> NUMBERS = List.of("-1", "-0", "00", "1.0", "1e0", "1e400", "0x10", "1_0", "NaN",
            "Infinity", "null", "true", "18446744073709551615", "18446744073709551616", "9223372036854775808",
            "9".repeat(400), "9".repeat(5_000), "1L", "٣", "4294967296", "4611686018427387904");
    private static final List<String> TEXTS = List.of("", "\\ud800", "\\u0000", "\u0000", "\\u0061", "\\", "\n", "a",
            "weight", "__metadata__", "F32", "F64", "BOOL", "U8", "F4", "F8_E8M0", "C64", "<f4", ">f8", "|b1", "|O",
            "<U3", "\u202e", "\ud83d\ude00", "é", "n".repeat(3_000), "%s%n", "${jndi:x}");
    private static final List<String> OPENING = List.of("[", "{\"a\":", "(", "[[", "{'a':", "{\"dtype\":");
    private static final int[] DEPTHS = {1, 2, 10, 63, 64, 65, 500, 20_000};

    private TextDamage() {
    }

    static String once(String text, SplittableRandom random) {
        List<MatchResult> tokens = tokens(TOKEN, text);
        if (tokens.isEmpty()) {
            return text + Damage.one(TEXTS, random);
        }
        MatchResult token = Damage.one(tokens, random);
        MatchResult other = Damage.one(tokens, random);
        return switch (random.nextInt(10)) {
            case 0, 1, 2 -> replaced(text, NUMBER, number(random), random);
            case 3 -> replaced(text, QUOTED, quoted(text, random), random);
            case 4 -> replaced(text, QUOTED, '"' + Damage.one(TEXTS, random) + '"', random);
            case 5 -> nested(text, token, random);
            case 6 -> memberAgain(text, random);
            case 7 -> text.substring(0, token.start()) + text.substring(token.end());
            case 8 -> text.substring(0, token.start()) + other.group() + text.substring(token.end());
            default -> text.substring(0, token.end()) + text.substring(Math.min(token.start(), other.start()));
        };
    }

    private static List<MatchResult> tokens(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }

    private static String number(SplittableRandom random) {
        return switch (random.nextInt(3)) {
            case 0 -> Damage.one(NUMBERS, random);
            case 1 -> String.valueOf(Damage.number(random));
            default -> String.valueOf(random.nextInt(40));
        };
    }

    private static String quoted(String text, SplittableRandom random) {
        List<MatchResult> all = tokens(QUOTED, text);
        return all.isEmpty() ? "\"\"" : Damage.one(all, random).group();
    }

    private static String replaced(String text, Pattern pattern, String by, SplittableRandom random) {
        List<MatchResult> all = tokens(pattern, text);
        if (all.isEmpty()) {
            return text + by;
        }
        MatchResult found = Damage.one(all, random);
        return text.substring(0, found.start()) + by + text.substring(found.end());
    }

    /** Much in front of a token, and perhaps as much behind it. */
    private static String nested(String text, MatchResult token, SplittableRandom random) {
        int depth = DEPTHS[random.nextInt(DEPTHS.length)];
        String opening = Damage.one(OPENING, random);
        String closing = random.nextBoolean() ? (opening.contains("{") ? "}" : "]").repeat(depth) : "";
        return text.substring(0, token.start()) + opening.repeat(depth) + token.group() + closing
                + text.substring(token.end());
    }

    /** A tensor once more, under its own name or another. */
    private static String memberAgain(String text, SplittableRandom random) {
        List<String> members = new ArrayList<>();
        tokens(MEMBER, text).forEach(member -> members.add(member.group()));
        if (members.isEmpty()) {
            return text + text;
        }
        String member = Damage.one(members, random);
        String again = random.nextBoolean() ? member : member.replaceFirst("\"", "\"x");
        return text.replace(member, member + "," + again);
    }
}
