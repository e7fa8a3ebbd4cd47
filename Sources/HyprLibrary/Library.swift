// Link anchor of libhypr.so: deliberately empty, it only carries the linker flags of the product.
