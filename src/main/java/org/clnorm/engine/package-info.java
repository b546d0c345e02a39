/**
 * What a device must be able to do to normalize, and the words in which it is asked. Programs meet one class of it:
 * {@link org.clnorm.engine.Explanation}, what a layer's {@code explain} says. An engine of one's own begins with
 * {@link org.clnorm.engine.NormEngine}.
 */
package org.clnorm.engine;
