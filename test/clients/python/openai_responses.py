import sys
from openai import OpenAI

url, key, model = sys.argv[1:]
client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
weather = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
items = [{"role": "user", "content": "Is it sunny in Rome?"}]
first = client.responses.create(model=model, input=items, tools=[weather], store=False)
call = next(item for item in first.output if item.type == "function_call")
items += first.output + [{"type": "function_call_output", "call_id": call.call_id, "output": f"sunny-21 in {call.arguments}"}]
with client.responses.stream(model=model, input=items, tools=[weather], store=False) as stream:
    for event in stream:
        pass
    last = stream.get_final_response()
print(first.status, last.status, last.output_text)
