;; A good policy that finds out whether its instance is new: it marks its memory, its table and a global,
;; and traps where it meets a mark.
(module
  (memory (export "memory") 2)
  (table 2 funcref)
  (global $used (mut i32) (i32.const 0))
  (func $mark)
  (elem declare func $mark)
  (func $is_new (result i32)
    (i32.and
      (i32.and (i32.eqz (global.get $used)) (i32.eqz (i32.load (i32.const 131064))))
      (ref.is_null (table.get (i32.const 1)))))
  (func $look
    (if (i32.eqz (call $is_new)) (then unreachable))
    (global.set $used (i32.const 1))
    (i32.store (i32.const 131064) (i32.const 1))
    (table.set (i32.const 1) (ref.func $mark)))
  (data (i32.const 16) "{\"findings\":[{\"code\":\"seen\",\"path\":\"spec\",\"message\":\"seen\"}]}")
  (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 65536)
  (func (export "gatehouse_configure") (param i32 i32) (result i64) call $look i64.const 0)
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
    call $look
    (i64.or (i64.shl (i64.const 16) (i64.const 32)) (i64.const 61))))
