;; Its settings are a whole number, and that is what its exports return: any pointer, any length.
(module
  (memory (export "memory") 2)
  (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 65536)
  (func (export "gatehouse_configure") (param i32 i32) (result i64)
    (i64.load offset=8 (local.get 0)))
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
    (i64.load offset=8 (local.get 2))))
