// Two vectors as one, twice as long. The literal (float4)(a, b) says the same; but what clang makes of it goes through
// lanes that nobody wrote, on which Oclgrind 21.10 crashes when it looks for what is read and was never written.
#ifndef JOINED
#ifdef __clang__
#define JOINED2(type, a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3)
#define JOINED4(type, a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7)
#define JOINED8(type, a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#else
#define JOINED(type, a, b) ((type)(a, b))
#define JOINED2 JOINED
#define JOINED4 JOINED
#define JOINED8 JOINED
#endif
#endif
