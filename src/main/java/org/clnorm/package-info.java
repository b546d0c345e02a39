/**
 * PyTorch's normalization layers for Java on any OpenCL device: the layers, their parameters, and the same as
 * functional calls.
 *
 * <p>Threads: a layer, a tensor and the result of a functional call belong to one thread at a time; whoever hands
 * them to another thread does so with a happens-before edge. Several threads may use layers of their own on one
 * device at once.
 */
package org.clnorm;
