;; Fills 4 GiB in one instruction.
(module
  (memory (export "memory") 2)
  (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 65536)
  (func (export "gatehouse_configure") (param i32 i32) (result i64) i64.const 0)
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
    (memory.fill (i32.const 0) (i32.const 255) (i32.const -1))
    i64.const 0))
