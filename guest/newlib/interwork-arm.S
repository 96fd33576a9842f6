@ The Arm half of interwork.c.
	.syntax unified
	.text
	.arm

@ unsigned arm_add_via(step *callback, unsigned x): x + callback(x)
	.global arm_add_via
	.type arm_add_via, %function
arm_add_via:
	push	{r4, lr}
	mov	r3, r0
	mov	r4, r1
	mov	r0, r1
	blx	r3
	add	r0, r0, r4
	pop	{r4, pc}

@ unsigned arm_state(void): 32 bits an instruction, for the PC reads as 8 bytes ahead
	.global arm_state
	.type arm_state, %function
arm_state:
	mov	r0, pc
	adr	r1, arm_state
	sub	r0, r0, r1
	lsl	r0, r0, #2
	bx	lr
