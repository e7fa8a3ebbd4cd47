/* Files in flash, where they are used: a model at an address that 8 divides, and a stream, if there is one. */
.section .model, "a"
.balign 8
.global model_file, model_size
model_file: .incbin MODEL
model_end:
.balign 4
model_size: .long model_end - model_file
#ifdef STREAM
.global stream_file, stream_size
stream_file: .incbin STREAM
stream_end:
.balign 4
stream_size: .long stream_end - stream_file
#endif
