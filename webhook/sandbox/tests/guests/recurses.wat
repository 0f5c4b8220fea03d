;; Its settings are a whole number: how deeply it calls itself.
(module
  (memory (export "memory") 2)
  (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 65536)
  (func $sum (param $depth i32) (result i32)
    (if (result i32) (i32.eqz (local.get $depth))
      (then (i32.const 0))
      (else
        (i32.add (local.get $depth) (call $sum (i32.sub (local.get $depth) (i32.const 1)))))))
  (func (export "gatehouse_configure") (param i32 i32) (result i64)
    (drop (call $sum (i32.load offset=8 (local.get 0))))
    i64.const 0)
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
    (drop (call $sum (i32.load offset=8 (local.get 2))))
    i64.const 0))
