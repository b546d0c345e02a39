/**
 * The state of layers on the host, and the safetensors files that hold it: read with every check before anything
 * large is allocated, and saved so that a file is always the old one or the new one, whole.
 */
package org.clnorm.state;
