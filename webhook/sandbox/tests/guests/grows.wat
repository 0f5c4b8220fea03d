;; Its settings are a whole number: to how many pages its memory grows. It writes into the last, and gives
;; up where it does not get them.
(module
  (memory (export "memory") 2)
  (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 65536)
  (func $grow (param $pages i32)
    (if (i32.eq (memory.grow (i32.sub (local.get $pages) (memory.size))) (i32.const -1))
      (then unreachable))
    (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 1)))
  (func (export "gatehouse_configure") (param i32 i32) (result i64)
    (call $grow (i32.load offset=8 (local.get 0)))
    i64.const 0)
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
    (call $grow (i32.load offset=8 (local.get 2)))
    i64.const 0))
