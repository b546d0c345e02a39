/**
 * The state of layers on the host, and the safetensors files that hold it: read with every check before anything
 * large is allocated, and saved so that a file is always the old one or the new one, whole.
 *
 * <p>Begin with {@link org.clnorm.state.StateDict}, which layers give and take, under PyTorch's keys:
 *
 * <pre>{@code
 * Path file = Files.createTempDirectory("states").resolve("norm.safetensors");
 * new BatchNorm1d(3).stateDict().save(file);
 * new BatchNorm1d(3).loadStateDict(StateDict.load(file));
 * }</pre>
 *
 * <p>{@link org.clnorm.state.HostTensor} is one value of it, {@link org.clnorm.state.Framework} brings states of Keras,
 * ONNX, DJL and DL4J, {@link org.clnorm.state.Npz} and {@link org.clnorm.state.Npy} read NumPy's files. A damaged
 * file is a {@link org.clnorm.state.CheckpointException}.
 */
package org.clnorm.state;
