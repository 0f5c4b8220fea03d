;; Takes all the memory it is given and fills it in one instruction, for ever.
(module
  (memory (export "memory") 2)
  (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 65536)
  (func (export "gatehouse_configure") (param i32 i32) (result i64) i64.const 0)
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
    (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (loop
      (memory.fill (i32.const 0) (i32.const 255) (i32.mul (memory.size) (i32.const 65536)))
      (memory.copy (i32.const 8) (i32.const 0)
        (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)))
      (br 0))
    unreachable))
