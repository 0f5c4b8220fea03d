;; Reads JSON. Its answer is the JSON text of one of the three documents: the settings begin with the
;; number of the document, `[0,…]` the request, `[1,…]` the settings, `[2,…]` the facts.
(module
  (memory (export "memory") 2)
  (func (export "gatehouse_alloc") (param i32) (result i32) i32.const 65536)
  (func $place (param $ptr i32) (param $len i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (local.get $ptr)) (i64.const 32))
      (i64.extend_i32_u (local.get $len))))
  (func (export "gatehouse_configure") (param i32 i32) (result i64)
    (call $place (local.get 0) (local.get 1)))
  (func (export "gatehouse_evaluate") (param i32 i32 i32 i32 i32 i32) (result i64)
    (local $which i32)
    (local.set $which (i32.sub (i32.load8_u offset=1 (local.get 2)) (i32.const 48)))
    (if (i32.eq (local.get $which) (i32.const 0))
      (then (return (call $place (local.get 0) (local.get 1)))))
    (if (i32.eq (local.get $which) (i32.const 1))
      (then (return (call $place (local.get 2) (local.get 3)))))
    (call $place (local.get 4) (local.get 5)))
  (@custom "gatehouse.policy" "{\"name\":\"echoes-json\",\"version\":\"1.0.0\",\"title\":\"t\",\"description\":\"d\",\"abi\":1,\"input\":\"json\",\"kinds\":[\"Pod\"],\"operations\":[\"CREATE\"],\"facts\":[\"namespace\"],\"settings\":{},\"codes\":{\"seen\":{\"title\":\"t\",\"explanation\":\"e\",\"bad\":\"b\",\"good\":\"g\"}}}"))
