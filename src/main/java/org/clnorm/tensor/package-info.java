/** Tensors, the devices that hold them, and who owns what: the lowest room, which knows nothing of normalization. */
package org.clnorm.tensor;
