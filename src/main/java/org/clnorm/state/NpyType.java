package org.clnorm.state;

import java.util.Map;

/** An element type as NumPy names it: byte order, kind and size, such as {@code <f4}. */
record NpyType(ElementType element, boolean bigEndian) {
    private static final Map<String, ElementType> TYPES = Map.ofEntries(Map.entry("b1", ElementType.BOOL),
            Map.entry("i1", ElementType.I8), Map.entry("i2", ElementType.I16), Map.entry("i4", ElementType.I32),
            Map.entry("i8", ElementType.I64), Map.entry("u1", ElementType.U8), Map.entry("u2", ElementType.U16),
            Map.entry("u4", ElementType.U32), Map.entry("u8", ElementType.U64), Map.entry("f2", ElementType.F16),
            Map.entry("f4", ElementType.F32), Map.entry("f8", ElementType.F64));

    static NpyType parse(String file, String name) {
        char order = name.isEmpty() ? 0 : name.charAt(0);
        String kind = name.isEmpty() ? "" : name.substring(1);
        if (kind.startsWith("O")) {
            throw new CheckpointException(file, "header: type " + Text.quote(name)
                    + " is of Python objects, which are pickled and are not read; expected numbers or truth values");
        }
        ElementType element = TYPES.get(kind);
        boolean ordered = order == '<' || order == '>' || order == '|' && element != null && element.byteSize() == 1;
        if (element == null || !ordered) {
            throw new CheckpointException(file, "header: expected a type of numbers or truth values with its byte"
                    + " order, such as '<f4', '>f8', '<i8' or '|b1', got " + Text.quote(name));
        }
        return new NpyType(element, order == '>');
    }
}
