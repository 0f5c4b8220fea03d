;; Its settings are a whole number: to how many elements its table grows. It gives up where it does not get
;; them.
(module
  (memory (export "memory") 2)
  (table 1 funcref)
  (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 65536)
  (func (export "gatehouse_configure") (param i32 i32) (result i64) i64.const 0)
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
    (if (i32.eq
          (table.grow (ref.null func) (i32.sub (i32.load offset=8 (local.get 2)) (table.size)))
          (i32.const -1))
      (then unreachable))
    i64.const 0))
