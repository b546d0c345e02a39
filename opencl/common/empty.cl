// Does nothing: what a launch costs the host is measured with it, and compared with what a pass costs it.
__kernel void empty(long nothing) {
}
