@ The Thumb half of interwork.c.
	.syntax unified
	.text
	.thumb

@ unsigned thumb_add_via(step *callback, unsigned x): x + callback(x), left by way of ip
	.global thumb_add_via
	.thumb_func
	.type thumb_add_via, %function
thumb_add_via:
	push	{r4, lr}
	mov	ip, r0
	mov	r4, r1
	mov	r0, r1
	blx	ip
	adds	r0, r0, r4
	pop	{r4, pc}

@ unsigned thumb_state(void): 16 bits an instruction, for the PC reads as 4 bytes ahead
	.balign 4
	.global thumb_state
	.thumb_func
	.type thumb_state, %function
thumb_state:
	mov	r0, pc
	adr	r1, 1f
	subs	r0, r1, r0
	.balign 4
1:	lsls	r0, r0, #2
	bx	lr
