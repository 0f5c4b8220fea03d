;; Gives room for its inputs in the last 8 bytes of its memory.
(module
  (memory (export "memory") 2)
  (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 131064)
  (func (export "gatehouse_configure") (param i32 i32) (result i64) i64.const 0)
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64) i64.const 0))
